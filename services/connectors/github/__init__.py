"""`github`: the files of a commit, by git over HTTP; a mirror without blobs keeps the trees on disk.

    origin.py     a type of source; lister.py one run of it
    seen.py       which files earlier runs have looked at
    contents.py   what a blob is: text, a document, binary, a pointer of Git LFS
    access.py     what the deployment says
    server/       the git server and its API: who signs in, what it has
    mirrors/      repositories on disk, and the git command

`document_key` is the path, `version_key` the hash of the blob. Unchanged files are neither read nor fetched.
"""
