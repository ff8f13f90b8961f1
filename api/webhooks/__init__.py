"""What other servers tell us by themselves: `POST /webhooks/…`.

Their requests have no key; each is signed with a secret that both sides know.

    github.py         the handler: signed? ─► parsed ─► decided ─► written ─► 202
    signature.py      the body, read within its limits and signed
    payloads.py       what of a payload is looked at
    repositories.py   one name for a repository, however it is written
    decisions.py      pure: what an event means for the sources of its repository
"""
