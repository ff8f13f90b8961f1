"""The MCP server: lets a language model search collections and read documents (`headrace mcp`).

    client ◄── stdio or streamable HTTP ──► server ──► tools ──► GatewayClient ──► gateway

server.py    the server and its tools; read-only unless it is told otherwise
tools.py     what a tool asks of the gateway
answers.py   what tools answer: bounded, with the text of documents apart
http.py      streamable HTTP, for callers that have the gateway's key

It keeps nothing: each call is a request to the gateway, so a server that is started anew goes on.
"""
