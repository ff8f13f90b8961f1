"""Comparisons of collections with what is recorded of them, apart from whoever asks for them.

verifier.py   what compares: given to the gateway by the command
running.py    the comparisons of this process, and their state
"""
