"""What is known of the people who buy: the customers file, their contacts, consent, attributes and merged ids."""
