"""What the entities of a box share."""

from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import BoxCoordinator


class BoxEntity(CoordinatorEntity[BoxCoordinator]):
    """An entity of a box; there while the box is."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: BoxCoordinator, kind: str) -> None:
        super().__init__(coordinator)
        entry, address = coordinator.config_entry, coordinator.box.address
        self._attr_unique_id = f"{entry.unique_id}-{kind}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, str(entry.unique_id))},
            name=entry.title,
            manufacturer="tts-server",
            model="Text-to-speech box",
            sw_version=coordinator.data.engine["version"],
            configuration_url=str(address.url("/")),
        )
