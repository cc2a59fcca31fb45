"""The first page: what all apps know of one's lists, brought together. Sees every app; none of them sees it."""
