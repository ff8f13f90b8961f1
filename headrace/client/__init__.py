"""The gateway's HTTP client, and on top of it `sync`, `query` and starting a local system if none is
running."""
