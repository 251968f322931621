// Subscribing to notices, by a tag of WeChat's. What is answered there reaches the server from WeChat itself.

const sheet = document.getElementById("sheet");
const trouble = document.getElementById("trouble");
const TAG = "wx-open-subscribe";
const fail = () => {
  trouble.textContent = "现在订阅不了：请退出这一页，从公众号里重新打开；还不行，请升级微信。";
};

document.addEventListener("WeixinOpenTagsError", fail); // a WeChat too old to know the tag

for (const tag of document.querySelectorAll(TAG)) {
  const told = tag.parentElement.querySelector(".told");
  tag.addEventListener("success", (event) => {
    told.textContent = agreed(event.detail, tag.getAttribute("template"))
      ? "好了，到期前会在微信里提醒您。"
      : "没有订阅。想好了，可以再点一次。";
  });
  tag.addEventListener("error", () => {
    told.textContent = "没有订阅上。请过一会儿再点一次，或者在聊天里回复“人工”。";
  });
}

if (window.wx) {
  window.wx.error(fail);
  window.wx.config({
    appId: sheet.dataset.app,
    timestamp: Number(sheet.dataset.stamp),
    nonceStr: sheet.dataset.nonce,
    signature: sheet.dataset.signature,
    jsApiList: ["checkJsApi"], // with an empty list the tag is not shown
    openTagList: [TAG],
  });
} else fail();

/** Did they allow it? The details are JSON in JSON, by template. */
function agreed(detail, template) {
  try {
    const all = JSON.parse(detail.subscribeDetails);
    const mine = all[template];
    return (typeof mine === "string" ? JSON.parse(mine) : mine).status === "accept";
  } catch {
    return false;
  }
}
