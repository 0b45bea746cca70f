(function () {
  "use strict";
  var cases = Array.prototype.slice.call(document.querySelectorAll(".case"));
  var themes = Array.prototype.slice.call(document.querySelectorAll(".theme"));
  var found = document.getElementById("found");
  var box = document.getElementById("find");
  box.parentNode.hidden = false;
  box.addEventListener("input", function () {
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    cases.forEach(function (one) {
      var text = one.textContent.toLowerCase();
      var fits = words.every(function (word) { return text.indexOf(word) >= 0; });
      one.classList.toggle("hidden", !fits);
    });
    themes.forEach(function (theme) {
      theme.classList.toggle("hidden", !theme.querySelector(".case:not(.hidden)"));
    });
    var left = document.querySelectorAll(".case:not(.hidden)").length;
    found.textContent = words.length ? left + (left === 1 ? " case" : " cases") : "";
  });
  function show() {
    var one = location.hash && document.getElementById(location.hash.slice(1));
    if (one && one.classList.contains("case")) {
      document.getElementById("f-all").checked = true;
      one.classList.remove("hidden");
      one.parentNode.classList.remove("hidden");
      one.open = true;
      one.scrollIntoView();
    }
  }
  window.addEventListener("hashchange", show);
  show();
})();
