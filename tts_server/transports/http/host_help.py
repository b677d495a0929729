"""What a person sees who came by a name that we do not answer to: why, and what to write where."""

from html import escape


def host_help(host: str) -> str:
    """A page in English and Chinese."""
    name = escape(host)
    setting = f'<pre>[server]\nhost_names = ["{name}"]</pre>'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>tts-server</title>'
        '<meta name="viewport" content="width=device-width"></head><body>'
        f"<h1>tts-server does not know itself as {name}</h1>"
        "<p>A page of somebody else could be made to point here under a name of its own, and would then speak in your "
        "house. So only names that are known to be yours are let in. If this one is, write into "
        f"<code>/etc/tts-server/config.toml</code> on the box</p>{setting}"
        "<p>and run <code>sudo systemctl reload tts-server</code>. Its address in numbers works always.</p>"
        f'<div lang="zh-CN"><h1>tts-server 不认识“{name}”这个名字</h1>'
        "<p>别人的网页可以借自己的域名指向这里，让您家的音箱说话，所以只有确认属于您的名字才能访问。如果这个名字是您的，"
        f"请在主机的 <code>/etc/tts-server/config.toml</code> 里写入</p>{setting}"
        "<p>然后运行 <code>sudo systemctl reload tts-server</code>。用数字地址（IP）访问总是可以的。</p></div>"
        "</body></html>"
    )
