"""{% load serves %}: what a pipe or a destination is used for."""

from django import template

from audiences.connections import serving
from audiences.models import Activation, Destination, Feed, Pipe

register = template.Library()


@register.filter
def lists(one: Pipe | Destination) -> list[Activation]:
    """`{{ pipe|lists }}`: its lists, draft ones too."""
    return serving(one)


@register.filter
def feeds(pipe: Pipe) -> list[Feed]:
    """`{{ pipe|feeds }}`: the journey events that go through it."""
    return [one for one in pipe.feeds.all() if one.state != Feed.State.RETIRED]
