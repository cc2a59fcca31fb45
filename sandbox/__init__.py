"""Stand-in vendors over real HTTP. Imports nothing of the product, so that stand-in and client cannot agree on a mistake."""
