// A link that was followed on another site: the browser sends our cookie only with an address that our own page opens.
"use strict";
(() => {
  const onward = document.querySelector("a[data-continue]");
  if (onward) window.location.replace(onward.href);
})();
