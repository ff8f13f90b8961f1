"""The git server and its API, asked over HTTP.

http.py         requests of our own: who is limited waits, no redirect leaves the host
refs.py         branches and their newest commits
together.py     one question for all who ask the same at once
remote.py       one repository for one run: what it has, and how git may fetch from it
login.py        nobody, a saved token or a GitHub App; app_tokens.py asks for the app's tokens
numbers.py      the number of a repository, which it keeps when it is renamed
lfs.py          files in Git LFS
scrubbing.py    takes tokens out of texts
"""
