"""Repositories on disk.

cache.py      all of them, within a number of bytes: the least recently used goes first
mirror.py     one: fetches a commit's trees, and blobs in batches
disk.py       their folders: made, cleaned up, measured
blobs.py      reads blobs
history.py    completes a hash that was cut short
command.py    runs git: what it may do, and when it is given up
"""
