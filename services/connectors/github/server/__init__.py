"""The git server and its API, over HTTP.

http.py         our own requests: rate limits are respected, no redirect leaves the host
refs.py         branches and their newest commits
together.py     coalesces equal concurrent requests
remote.py       one repository for one run: what it has, and how git may fetch from it
login.py        anonymous, a saved token or a GitHub App; app_tokens.py requests the app's tokens
numbers.py      the id of a repository, which survives renames
lfs.py          files in Git LFS
scrubbing.py    takes tokens out of texts
"""
