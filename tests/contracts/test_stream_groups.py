"""Groups: partitions move between members without loss, and only those that must."""

import time

from plugins.stream import Member, Rig, poll_together

from service.stream.ports import Outgoing


def spread(topic_partitions: int, count: int, *, since: int = 0) -> list[Outgoing]:
    """Return numbered records dealt round the partitions."""
    return [
        Outgoing(b"k", b"%d" % n, partition=n % topic_partitions)
        for n in range(since, since + count)
    ]


def owns(member: Member, count: int) -> bool:
    """Whether the member has so many partitions."""
    return len(member.consumer.assignment()) == count


def test_a_second_member_takes_half_and_the_first_goes_on_where_it_stood(rig: Rig) -> None:
    """Partitions that stay are not revoked, not sought again, and lose no record."""
    topic, group = rig.topic(4), rig.group()
    rig.send(topic, *spread(4, 400))
    first = rig.member(group).join(topic)
    first.poll_until(lambda: first.total() == 400, "everything, read by the only member")
    stood = {(topic, n): first.consumer.position((topic, n)) for n in range(4)}
    second = rig.member(group, start=lambda partition: stood[partition] or 0).join(topic)
    poll_together([first, second], lambda: owns(first, 2) and owns(second, 2), "two halves")
    assert first.consumer.assignment() | second.consumer.assignment() == set(stood)
    moved = second.consumer.assignment()
    revoked = [p for what, partitions in first.diary if what == "revoked" for p in partitions]
    assert set(revoked) == moved
    rig.send(topic, *spread(4, 400, since=400))
    poll_together([first, second], lambda: first.total() + second.total() == 800, "the rest")
    for n in range(4):
        member = second if (topic, n) in moved else first
        assert [r.offset for r in member.read[topic, n]][-100:] == list(range(100, 200))


def test_a_member_that_leaves_hands_its_partitions_over(rig: Rig) -> None:
    """`close` leaves the group: nobody waits for a session to time out in vain."""
    topic, group = rig.topic(2), rig.group()
    first = rig.member(group).join(topic)
    first.poll_until(lambda: owns(first, 2), "both partitions")
    second = rig.member(group).join(topic)
    poll_together([first, second], lambda: owns(first, 1) and owns(second, 1), "one each")
    rig.opened.remove(first.consumer)
    first.consumer.close()
    second.poll_until(lambda: owns(second, 2), "both partitions, after the other left")


def test_polling_with_everything_paused_keeps_the_membership(rig: Rig) -> None:
    """A worker that restores its state for longer than a session stays the owner."""
    topic, group = rig.topic(2), rig.group()
    member = rig.member(group).join(topic)
    member.poll_until(lambda: owns(member, 2), "both partitions")
    member.consumer.pause(member.consumer.assignment())
    rig.send(topic, *spread(2, 10))
    sessions_over = time.monotonic() + (0 if rig.memory else 4.0)
    while time.monotonic() < sessions_over:
        assert member.poll(0.2) == 0
    assert [what for what, _ in member.diary] == ["assigned"]
    member.consumer.resume(member.consumer.assignment())
    member.poll_until(lambda: member.total() == 10, "what came meanwhile")


def test_commits_to_the_group_never_decide_where_reading_starts(rig: Rig) -> None:
    """The ledger's offset is the truth; the group's is for lag monitors."""
    topic, group = rig.topic(), rig.group()
    rig.send(topic, *spread(1, 10))
    first = rig.member(group).join(topic)
    first.poll_until(lambda: first.total() == 10, "all records")
    first.consumer.commit({(topic, 0): 10})
    for _ in range(3):
        first.poll()
    rig.opened.remove(first.consumer)
    first.consumer.close()
    second = rig.member(group, start=lambda _: 3).join(topic)
    second.poll_until(lambda: second.total() == 7, "what the owner asked for")
    assert second.read[topic, 0][0].offset == 3


def test_members_of_different_groups_each_read_everything(rig: Rig) -> None:
    """Another group (another Penumbra) does not take records away."""
    topic = rig.topic(2)
    rig.send(topic, *spread(2, 20))
    members = [rig.member().join(topic), rig.member().join(topic)]
    poll_together(members, lambda: all(m.total() == 20 for m in members), "everything, twice")


def test_several_topics_share_one_membership(rig: Rig) -> None:
    """Transactions and labels come through one consumer, each with its own offsets."""
    one, other = rig.topic(2), rig.topic(1)
    rig.send(one, *spread(2, 6))
    rig.send(other, *spread(1, 3))
    member = rig.member().join(one, other)
    member.poll_until(lambda: member.total() == 9, "both topics")
    assert {p: len(r) for p, r in member.read.items()} == {(one, 0): 3, (one, 1): 3, (other, 0): 3}
