{#- Fails on two rows of one run with the same key. -#}
{% test unique_by_run(model, columns) %}
select {{ columns | join(", ") }}
from {{ model }}
group by {{ columns | join(", ") }}
having count(*) > 1
{% endtest %}
