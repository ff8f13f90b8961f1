"""Inputs of many kinds with what is right, as data: one module per kind, one test for all of them."""
