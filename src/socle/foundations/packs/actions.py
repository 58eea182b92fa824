"""`apply`: bring the database in line with a pack, all or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from socle.foundations.journal import actions as journal
from socle.kernel import clock as clocks
from socle.kernel import events
from socle.kernel.clock import Clock
from socle.kernel.errors import Conflict

from . import registry, stamps
from .applying import MACHINE, ActorLike, Applying
from .checking import load_right
from .differences import Plan
from .events import PackApplied
from .models import Application, Current, Head, Revision
from .planning import InForce, compare, identity, in_force
from .reading import Loaded


@dataclass(frozen=True)
class Applied:
    """What an application did. `changed` is false when the database was already in line."""

    plan: Plan
    digest: str
    changed: bool

    def text(self) -> str:
        if not self.changed:
            return _("Rien à faire : ce pack est déjà en place.")
        values = {"pack": self.plan.pack, "version": self.plan.version}
        return _("Pack %(pack)s %(version)s appliqué : ") % values + self.plan.summary()


def apply(
    path: Path | str,
    *,
    actor: ActorLike = MACHINE,
    clock: Clock = clocks.SYSTEM,
    replace: bool = False,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Applied:
    """Apply the pack in a folder, in one transaction, one application at a time.

    A second application of the same pack writes nothing. `replace` lets a pack take the place of a
    different one, whose declarations it does not have are withdrawn. `force` applies unchanged
    declarations again (after an upgrade that reads more from them). `progress(done, total)` counts
    declarations. Raises `PackError` on mistakes, `Conflict` when another pack is in force.
    """
    loaded = load_right(path)
    now = clock.now()
    try:
        with transaction.atomic():
            applied = _apply(loaded, actor, now, replace, force, progress)
            if applied.changed:
                journal.record(
                    chain=journal.chain_for(None),
                    action="pack.applied",
                    actor=actor,
                    subject=("pack", applied.plan.pack),
                    data={
                        "version": applied.plan.version,
                        "digest": applied.digest,
                        **{
                            name: applied.plan.count(name)
                            for name in ("added", "changed", "removed")
                        },
                    },
                    clock=clock,
                )
                events.emit(PackApplied(applied.plan.pack, applied.plan.version, applied.digest))
                stamps.forget_after_commit()
            return applied
    except BaseException:
        # What this process read inside the transaction is undone with it.
        stamps.forget()
        raise


def _apply(
    loaded: Loaded,
    actor: ActorLike,
    now: datetime,
    replace: bool,
    force: bool,
    progress: Callable[[int, int], None] | None,
) -> Applied:
    head = _lock()
    pack = identity(loaded)
    if head.pack and head.pack != pack.id and not replace:
        raise Conflict(
            _(
                "Cette installation porte le pack « %(known)s » ; appliquer « %(new)s » à sa place "
                "retirerait ce qu’il ne déclare pas. Confirmez avec --replace."
            )
            % {"known": head.pack, "new": pack.id},
            code="other-pack",
        )
    known = in_force()
    plan = compare(loaded, known, force=force)
    digest = loaded.digest()
    if not plan.changes and not plan.refreshed and head.pack == pack.id:
        return Applied(plan, digest, changed=False)
    applying = Applying(pack=pack.id, actor=actor, now=now, items=loaded.items)
    _write(plan, known, applying, progress)
    summary = {
        action: [f"{each.section}:{each.key}" for each in plan.changes if each.action == action]
        for action in ("added", "changed", "removed")
    }
    Application.objects.create(
        pack=pack.id, version=pack.version, digest=digest, applied_at=now, summary=summary
    )
    head.pack, head.version, head.digest = pack.id, pack.version, digest
    head.stamp, head.applied_at = uuid.uuid4().hex, now
    head.save()
    return Applied(plan, digest, changed=True)


def _lock() -> Head:
    """The one row, locked until the end of the transaction."""
    Head.objects.get_or_create(pk=Head.ONLY)
    return Head.objects.select_for_update().get(pk=Head.ONLY)


def _write(
    plan: Plan,
    known: InForce,
    applying: Applying,
    progress: Callable[[int, int], None] | None,
) -> None:
    written = {(c.section, c.key) for c in plan.changes if c.action != "removed"}
    removed = {(c.section, c.key) for c in plan.changes if c.action == "removed"}
    todo = written | set(plan.refreshed)
    done, total = 0, len(todo) + len(removed)
    ordered = list(registry.sections())
    for section in ordered:
        for key, item in applying.items[section.name].items():
            if (section.name, key) not in todo:
                continue
            applying.current, _made = Revision.objects.get_or_create(
                section=section.name,
                key=key,
                digest=item.digest,
                defaults={"content": item.content, "created_at": applying.now},
            )
            if (section.name, key) in written:
                Current.objects.update_or_create(
                    section=section.name,
                    key=key,
                    defaults={"pack": applying.pack, "revision": applying.current},
                )
            applying.previous = known.get((section.name, key))
            section.apply(item, applying)
            done += 1
            if progress:
                progress(done, total)
    applying.current = None
    # Backwards: what points at something is withdrawn before it.
    position = {section.name: index for index, section in enumerate(ordered)}
    for name, key in sorted(removed, key=lambda each: (-position.get(each[0], -1), each[1])):
        Current.objects.filter(section=name, key=key).delete()
        applying.previous = known[name, key]
        if name in position:
            registry.section(name).withdraw(key, applying)
        done += 1
        if progress:
            progress(done, total)
