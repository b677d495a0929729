"""What a daemon tells at /metrics."""

import httpx
from prometheus_client.parser import text_string_to_metric_families


def figures_in(answer: httpx.Response) -> dict[tuple[str, ...], float]:
    """Name and label values of each sample, and its value."""
    families = text_string_to_metric_families(answer.text)
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


async def figures_of(http_port: int) -> dict[tuple[str, ...], float]:
    """Of the daemon at a port of this machine."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http_port}", trust_env=False) as client:
        return figures_in(await client.get("/metrics"))
