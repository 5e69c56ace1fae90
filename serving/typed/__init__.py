"""BentoML's typed methods: what its clients, its playground and other services call, over the operations of the API."""
