"""The verbs of the product: each service knows the domain and the ports, and nothing else."""
