"""Cuts a ledger into other shards when its people no longer fit them: only in the plan step, under the fence, without debts."""

from django.db import transaction

from audiences.models import Activation

from .lease import Lease
from .ledger import LOADED_AT_ONCE, Ledger
from .members import fits, recut, shard_count
from .models import LedgerShard


def reshard(activation: Activation, lease: Lease, expected: int, *, texts_too: bool) -> None:
    """Cut the ledger anew when its shards no longer fit the people expected. Only without debts. Raises LeaseLost."""
    people = max(expected, activation.members)
    if fits(people, activation.shards):
        return
    old, new = activation.shards, shard_count(people)
    source = Ledger(activation, texts_too=texts_too, most_cached=max(LOADED_AT_ONCE, old // new + 1))
    generation = activation.generation + 1
    fresh = Activation(pk=activation.pk, generation=generation, shards=new)
    target = Ledger(fresh, texts_too=texts_too)
    with transaction.atomic():
        lease.write(generation=generation)
        if LedgerShard.objects.filter(activation=activation, generation=activation.generation).exists():
            for number in range(new):
                first, span = number * old // new, max(1, old // new)
                parts = [source.columns(place) for place in range(first, first + span)]
                columns = recut(parts, number, old, new)
                if len(columns["key"]):
                    target.put(number, columns)
            LedgerShard.objects.filter(activation=activation, generation=activation.generation).delete()
        Activation.objects.filter(pk=activation.pk).update(shards=new, generation=generation)
    activation.shards, activation.generation = new, generation
