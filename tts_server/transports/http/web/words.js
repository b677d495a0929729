// The words of the page, in its two languages.

export const WORDS = {
  en: {
    other: "中文",
    otherLabel: "切换到中文",
    skip: "To the text",
    composer: "What to say",
    text: "Text to speak",
    placeholder: "Write something, and listen.",
    examples: "Examples",
    wave: "Waveform of the speech",
    speak: "Speak",
    stop: "Stop",
    saveWav: "Save as WAV",
    saveMp3: "Save as MP3",
    hint: "Ctrl + Enter speaks, Esc stops.",
    manner: "Manner",
    voice: "Voice",
    emotion: "Emotion",
    intensity: "Intensity",
    speed: "Speed",
    pitch: "Pitch",
    volume: "Volume",
    format: "Text is",
    plain: "Plain text",
    reset: "Back to normal",
    snippets: "The same from elsewhere",
    copy: "Copy",
    copied: "Copied",
    visit: "This visit",
    visitEmpty: "What you hear here can be heard again and saved. It is forgotten when the page is closed.",
    again: "Play again",
    save: "Save",
    daemon: "The daemon",
    private: "Everything is made on this box; nothing leaves it.",
    metrics: "Metrics",
    theme: "Dark colours",
    keyTitle: "This voice is locked",
    keyText: "The daemon asks for an access token. It stays in this browser tab.",
    keyLabel: "Access token",
    keyOk: "Unlock",
    keyCancel: "Cancel",
    ready: "Ready",
    loading: "Loading the voice",
    draining: "Stopping",
    away: "No connection to the daemon",
    speaking: "Speaking",
    stopped: "Stopped",
    finished: "Finished",
    firstSound: "first sound after {0} ms",
    characters: "{0} characters",
    usedEmotion: "This voice says it as: {0}",
    queued: "In the queue, place {0}",
    nothing: "There is nothing in it that can be said.",
    connection: "The connection to the daemon was lost. Try again.",
    reconnecting: "The connection was lost; going on as soon as it is back.",
    sound_missing: "This browser gives no sound here. Is a loudspeaker there, and is its sound on?",
    sound_blocked: "The browser holds the sound back. Touch the page and try again, or allow sound for this site.",
    factVersion: "Version",
    factVoices: "Voices",
    factActive: "Speaking now",
    factQueue: "Waiting",
    factSpeed: "Real-time factor",
    sentences: [
      "Welcome home. The kettle is on, and dinner is at half past seven.",
      "请打开WiFi，然后连接Bluetooth。",
      "太好了，你回来了！",
    ],
  },
  zh: {
    other: "English",
    otherLabel: "Switch to English",
    skip: "跳到文本",
    composer: "要说的话",
    text: "要朗读的文本",
    placeholder: "写点什么，听听看。",
    examples: "示例",
    wave: "语音波形",
    speak: "朗读",
    stop: "停止",
    saveWav: "保存为 WAV",
    saveMp3: "保存为 MP3",
    hint: "Ctrl + Enter 朗读，Esc 停止。",
    manner: "语气",
    voice: "音色",
    emotion: "情感",
    intensity: "强度",
    speed: "语速",
    pitch: "音高",
    volume: "音量",
    format: "文本格式",
    plain: "纯文本",
    reset: "恢复默认",
    snippets: "在别处这样用",
    copy: "复制",
    copied: "已复制",
    visit: "本次访问",
    visitEmpty: "在这里听过的可以再听、可以保存；关闭页面后就会忘记。",
    again: "再听一遍",
    save: "保存",
    daemon: "服务状态",
    private: "一切都在这台机器上完成，没有数据离开。",
    metrics: "指标",
    theme: "深色",
    keyTitle: "需要访问令牌",
    keyText: "服务要求访问令牌。令牌只保存在这个浏览器标签页里。",
    keyLabel: "访问令牌",
    keyOk: "解锁",
    keyCancel: "取消",
    ready: "就绪",
    loading: "正在加载音色",
    draining: "正在停止",
    away: "连接不上服务",
    speaking: "正在朗读",
    stopped: "已停止",
    finished: "朗读完毕",
    firstSound: "{0} 毫秒后出声",
    characters: "{0} 字",
    usedEmotion: "这个音色的说法：{0}",
    queued: "排队中，第 {0} 位",
    nothing: "没有可以朗读的内容。",
    connection: "与服务的连接断了，请再试一次。",
    reconnecting: "连接断了，恢复后会接着读。",
    sound_missing: "这个浏览器在这里放不出声音。请检查扬声器是否接好、声音是否打开。",
    sound_blocked: "浏览器暂时不让出声。请先点一下页面再试，或在浏览器里允许此网站播放声音。",
    factVersion: "版本",
    factVoices: "音色",
    factActive: "正在朗读",
    factQueue: "等待",
    factSpeed: "实时率",
    sentences: ["太好了，你回来了！", "会议定在2026年3月15日下午两点半。", "请打开WiFi，然后连接Bluetooth。"],
  },
};

let language = localStorage.getItem("tts-server.language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

export const currentLanguage = () => language;

export const examples = () => WORDS[language].sentences;

export function say(key, ...values) {
  return WORDS[language][key].replace(/\{(\d)\}/g, (_, index) => values[index]);
}

export const hasWords = (key) => typeof WORDS[language][key] === "string";

// Puts the words of the language into the page.
export function translate(chosen = language) {
  language = chosen;
  localStorage.setItem("tts-server.language", chosen);
  document.documentElement.lang = chosen === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-i18n]")) element.textContent = say(element.dataset.i18n);
  for (const element of document.querySelectorAll("[data-i18n-label]")) element.ariaLabel = say(element.dataset.i18nLabel);
  for (const element of document.querySelectorAll("[data-i18n-title]")) element.title = say(element.dataset.i18nTitle);
  for (const element of document.querySelectorAll("[data-i18n-placeholder]")) {
    element.placeholder = say(element.dataset.i18nPlaceholder);
  }
}
