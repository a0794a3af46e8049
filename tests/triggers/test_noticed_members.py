"""Members of a many-to-many are noticed, from whichever side (T14, promise 1)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.portal import Portal, Staff, Task
from tests.triggers.noticed import staff, undone


class TestMembers:
    """Members of a many-to-many, from whichever side, and whatever was loaded."""

    @pytest.fixture
    def zoe(self, office: Portal) -> Staff:
        return staff(office, "Zoe", "913000001")

    @pytest.fixture
    def task(self, office: Portal) -> Task:
        task = Task(name="Cable")
        office.session.add(task)
        office.session.commit()
        return task

    def test_an_appended_member_is_texted(self, office: Portal, zoe: Staff, task: Task) -> None:
        task.followers.append(zoe)
        office.session.commit()
        assert [(message.text, message.number) for message in office.messages()] == [
            ("You follow Cable now.", "+351913000001")
        ]

    def test_one_added_from_the_other_side_is_texted(self, office: Portal, zoe: Staff, task: Task) -> None:
        zoe.tasks.append(task)
        office.session.commit()
        assert len(office.messages()) == 1

    def test_one_added_from_the_other_side_of_a_collection_never_loaded_is_texted(
        self, office: Portal, zoe: Staff, task: Task
    ) -> None:
        """The history of an unloaded collection is blind to its other side."""
        number, key = zoe.id, task.id
        office.db.session.remove()
        loaded, follower = office.session.get_one(Task, key), office.session.get_one(Staff, number)
        follower.tasks.append(loaded)
        office.session.commit()
        assert len(office.messages()) == 1

    def test_only_the_new_members_of_a_replaced_list_are_texted(self, office: Portal, zoe: Staff, task: Task) -> None:
        max_ = staff(office, "Max", "913000002")
        task.followers = [zoe]
        office.session.commit()
        task.followers = [zoe, max_]
        office.session.commit()
        assert sorted(message.number or "" for message in office.messages()) == ["+351913000001", "+351913000002"]

    def test_a_second_member_does_not_text_the_first_again(self, office: Portal, zoe: Staff, task: Task) -> None:
        """T14: the occurrence is task and person, and its audience that person."""
        max_ = staff(office, "Max", "913000002")
        task.followers.append(zoe)
        office.session.commit()
        task.followers.append(max_)
        office.session.commit()
        assert [message.number for message in office.messages()] == ["+351913000001", "+351913000002"]

    @pytest.mark.parametrize("beforehand", [True, False])
    def test_members_that_a_record_is_created_with_are_texted(
        self, office: Portal, zoe: Staff, beforehand: bool
    ) -> None:
        task = Task(name="Pole", followers=[zoe] if beforehand else [])
        office.session.add(task)
        if not beforehand:
            zoe.tasks.append(task)
        office.session.commit()
        assert len(office.messages()) == 1

    def test_merged_members_are_texted(self, office: Portal, zoe: Staff, task: Task) -> None:
        key, number = task.id, zoe.id
        office.db.session.remove()
        follower = Staff(id=number, name="Zoe", phone="913000001")
        office.session.merge(Task(id=key, name="Cable", followers=[follower]))
        office.session.commit()
        assert len(office.messages()) == 1

    def test_one_taken_out_again_is_not_texted(self, office: Portal, zoe: Staff, task: Task) -> None:
        task.followers.append(zoe)
        office.session.flush()
        zoe.tasks.remove(task)
        office.session.commit()
        assert office.messages() == []

    def test_one_taken_out_and_put_back_was_a_member_all_along(self, office: Portal, zoe: Staff, task: Task) -> None:
        office.switch_off("task_followed")
        task.followers.append(zoe)
        office.session.commit()
        office.switch_on("task_followed")
        task.followers.remove(zoe)
        office.session.flush()
        task.followers.append(zoe)
        office.session.commit()
        assert office.messages() == []

    def test_one_added_in_a_rolled_back_savepoint_is_not_texted(self, office: Portal, zoe: Staff, task: Task) -> None:
        with undone(office.session):
            task.followers.append(zoe)
            office.session.flush()
        office.session.commit()
        assert office.messages() == []

    def test_a_removal_that_was_rolled_back_does_not_hide_a_later_addition(
        self, office: Portal, zoe: Staff, task: Task
    ) -> None:
        office.switch_off("task_followed")
        task.followers.append(zoe)
        office.session.commit()
        office.switch_on("task_followed")
        task.followers.remove(zoe)
        office.session.rollback()
        with office.fresh() as session, session.begin():
            session.execute(sa.text("DELETE FROM task_follower"))
        task.followers.append(zoe)
        office.session.commit()
        assert len(office.messages()) == 1

    def test_a_member_who_is_deleted_with_it_is_not_texted(self, office: Portal, zoe: Staff, task: Task) -> None:
        task.followers.append(zoe)
        office.session.flush()
        office.session.delete(zoe)
        office.session.commit()
        assert office.messages() == []
