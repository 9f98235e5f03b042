"""What a caller may do with a log, by the same policy that the agents decide by."""

from api.authentication import at_least
from schemas.catalogue import BY_NAME
from schemas.policy import Policy
from schemas.reprocess import OPEN_ITEM_STATES, ItemState
from schemas.status_log import Action
from storage.access_keys import Grant
from storage.log_reader import Actions


def actions_for(grant: Grant, policy: Policy) -> Actions:
    """A function of type, affiliate, status and reprocess state, for one caller."""

    def actions(integration_type: str, affiliate: str, status: str, reprocess_state: str | None) -> list[Action]:
        rule = policy.for_(integration_type, affiliate)
        link = None
        if status != "success" and not rule.reprocessable:
            link = BY_NAME[integration_type].troubleshooting_link(affiliate)
        if not rule.reprocessable:
            return [Action(allowed=False, verdict=ItemState.NOT_REPROCESSABLE, reason=rule.reason, link=link)]
        if status == "success":
            return [Action(allowed=False, verdict=ItemState.ALREADY_SUCCEEDED, reason="The last result is a success.")]
        if reprocess_state in OPEN_ITEM_STATES:
            return [Action(allowed=False, verdict=ItemState.IN_FLIGHT, reason="It is being reprocessed already.")]
        if not at_least(grant, "operator"):
            return [Action(allowed=False, verdict="not_permitted", reason="Your key may read only.")]
        return [Action(allowed=True)]

    return actions
