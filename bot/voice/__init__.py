"""Everything that knows the Robo Voice Call API: its addresses, its JSON, its words."""
