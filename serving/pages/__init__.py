"""The pages of the account manager and of the owner: rendered on the server, without need of a script."""
