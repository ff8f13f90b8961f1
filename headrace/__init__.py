"""The command: settings, the wiring of the services, and the supervisor that runs everything on one machine.

cli/         the command's tree, options and output      settings.py   every HEADRACE_… variable
embedded.py  broker, Chroma and services on one machine  services.py   wires and runs one service
connect.py   which gateway a command talks to            supervisor.py keeps processes running
client.py    the gateway's HTTP API                      running.py    what runs on a data folder
sync.py      a folder into a collection, followed        search.py     a question to a collection
packages.py  are the packages that Python finds ours?
"""
