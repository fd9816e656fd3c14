"""The voice client, over real sockets."""
