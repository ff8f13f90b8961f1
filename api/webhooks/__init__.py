"""Webhooks from other servers: `POST /webhooks/…`.

Their requests have no API key; each is signed with a shared secret.

    github.py         the handler: verify signature ─► parse ─► decide ─► produce ─► 202
    signature.py      reads the body within its limits and verifies its signature
    payloads.py       the parts of payloads that are used
    repositories.py   normalises the names of repositories
    decisions.py      pure: what an event means for the sources of its repository
"""
