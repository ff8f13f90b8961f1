"""Completion webhooks: endpoints that are told when runs end, and their deliveries. For admin keys.

queries.py    what the pages and the routes of `/api/v1/webhook-endpoints` ask
handlers.py   the routes

The gateway writes endpoints; `services.notifying` attempts the deliveries.
"""
