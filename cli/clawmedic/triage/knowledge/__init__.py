"""What every finding and every cause means, what helps against it and what does not.

`find` serves `clawmedic explain`; `remedies_for` and `upstream_for` serve the incident builder.
"""

from clawmedic.triage.knowledge.catalogue import everything, find, upstream_for
from clawmedic.triage.knowledge.explanation import Explanation
from clawmedic.triage.knowledge.remedies import remedies_for

__all__ = ["Explanation", "everything", "find", "remedies_for", "upstream_for"]
