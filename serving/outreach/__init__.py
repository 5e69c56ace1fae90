"""From scores to lists that go out to people, and from their outcomes to what the lists saved.

    plan       who is to be contacted, in which order and by whom; who is not, and why
    playbooks  what to do for each of them, and what to say
    exports    the list as files for people and for other systems
    effect     what contacting saved: treated against held out
    simulation a shop whose truth is known, which lives a year of lists: what effect and ranking are judged on

`exports` may import `playbooks`, and both may import `plan`; `effect` knows none of them, and they do not know it;
`simulation` needs `plan` alone.
`plan` needs playbooks without importing them: its caller hands it a chooser, which `playbooks.advisor` makes.
"""
