"""What of a feed's events landed in a warehouse, by week."""

from typing import ClassVar

from django.db import models

from audiences.models import Destination, Feed


class FeedWeek(models.Model):
    """One feed in one ISO week, as a warehouse's event table said when it was last read; rewritten until it settles.

    `rows` and `ids` (distinct message ids) are None where they could not be read, with `words` saying why.
    """

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="weeks")
    destination = models.ForeignKey(Destination, on_delete=models.CASCADE, related_name="+")
    monday = models.DateField()
    rows = models.PositiveBigIntegerField(null=True, blank=True)
    ids = models.PositiveBigIntegerField(null=True, blank=True)
    words = models.CharField(max_length=200, blank=True, default="")
    read_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["feed", "destination", "monday"], name="feed_week_once")
        ]

    def __str__(self) -> str:
        return f"{self.feed_id} in {self.monday:%G-W%V}"
