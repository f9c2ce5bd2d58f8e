"""What the wire means: values in, values out.

Nothing in this package awaits, reads a clock, draws a random number, looks at the environment or opens a socket.
Time, jitter, `state` values and key material come in as arguments, so every decision here is a table to test.
"""
