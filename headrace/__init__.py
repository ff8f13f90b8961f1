"""The command `headrace`, and what it is built on.

cli/         the tree of commands, their options and output
client/      the gateway's HTTP client; `sync` and `query` on top of it
local/       everything on one machine: supervisor, broker, Chroma, services, one data folder
admin/       work on the cluster itself: topics, lag, dead letters
packages.py  checks that Python finds Headrace's packages
wiring/      settings in, running services out: the one place that knows every package
settings/    every HEADRACE_… variable
"""
