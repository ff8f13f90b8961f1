"""What all that speak HTTP share.

errors   why a server did not answer, and when to retry
server   listen, and check the key of a caller
traces   the spans of requests
"""
