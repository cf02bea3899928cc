// Loading Python plugins, and what they are called with.

#include "python_fixture.hpp"
#include "session/session_state.hpp"

namespace tykpp::drivers {
namespace {

class PythonDriver : public test::PythonTest {};

TEST_F(PythonDriver, ARequestHookSetsAHeaderAndReadsOne) {
  plugin(
      "@Hook\ndef Mark(request, session, spec):\n"
      "    request.add_header('x-mark', request.get_header('X-First') + spec['APIID'][:5])\n"
      "    return request, session\n");
  test::TestExchange exchange;
  exchange.exchange.request().headers.add("X-First", "one");
  const auto bound = bind("Mark");
  ASSERT_NE(bound, nullptr);
  const auto verdict = run(*bound, exchange);
  ASSERT_TRUE(verdict) << verdict.error().detail();
  EXPECT_EQ(*verdict, HookVerdict::kContinue);
  EXPECT_EQ(exchange.header("X-Mark"), "onetykpp");
}

TEST_F(PythonDriver, CallsShareTheModulesVariables) {
  plugin(
      "n = 0\n@Hook\ndef Count(request, session, spec):\n"
      "    global n\n    n += 1\n    request.add_header('X-N', str(n))\n    return request, "
      "session\n");
  const auto one = bind("Count");
  const auto other = bind("Count", Hook::kPost);
  ASSERT_TRUE(one && other);
  for (const char* wanted : {"1", "2", "3"}) {
    test::TestExchange exchange;
    ASSERT_TRUE(run(wanted[0] == '2' ? *other : *one, exchange));
    EXPECT_EQ(exchange.header("X-N"), wanted);
  }
}

TEST_F(PythonDriver, AHookWithFourParametersMakesTheSession) {
  plugin(
      "@Hook\ndef Auth(request, session, metadata, spec):\n"
      "    assert session.alias == '' and metadata == {}\n"
      "    session.alias = 'me'\n    session.expires = 5\n"
      "    return request, session, {'token': 'abc'}\n");
  test::TestExchange exchange;
  const auto bound = bind("Auth", Hook::kAuth);
  ASSERT_NE(bound, nullptr);
  const auto verdict = run(*bound, exchange, Hook::kAuth);
  ASSERT_TRUE(verdict) << verdict.error().detail();
  ASSERT_NE(exchange.exchange.session, nullptr);
  EXPECT_EQ(exchange.exchange.session->token(), "abc");
  EXPECT_EQ(exchange.exchange.session->alias(), "me");
  EXPECT_EQ(exchange.exchange.session->expires(), 5);
}

TEST_F(PythonDriver, AnAuthHookThatLeavesTheSessionAloneForbids) {
  plugin(
      "@Hook\ndef Auth(request, session, metadata, spec):\n"
      "    session.alias, session.tags, metadata.get('token')\n    return request, session, "
      "metadata\n");
  test::TestExchange exchange;
  const auto bound = bind("Auth", Hook::kAuth);
  ASSERT_NE(bound, nullptr);
  const auto verdict = run(*bound, exchange, Hook::kAuth);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().message(), "Forbidden");
}

TEST_F(PythonDriver, TheSessionIsReadAfterAuthentication) {
  plugin(
      "@Hook\ndef Look(request, session, spec):\n"
      "    assert session.alias == 'me' and session.expires == 5 and session.rate == 0\n"
      "    assert session.metadata['n'] == '7' and session.metadata['s'] == 'text'\n"
      "    assert session.key_id == 'token' and list(session.tags) == ['a', 'b']\n"
      "    assert session.HasField('monitor') and not session.is_inactive\n"
      "    session.alias = 'another'\n"
      "    return request, session\n");
  test::TestExchange exchange;
  auto session = session::SessionState::parse(
      R"({"alias":"me","expires":5,"meta_data":{"n":7,"s":"text"},"tags":["a","b"]})", "token");
  ASSERT_TRUE(session) << session.error().message();
  exchange.exchange.session = std::make_shared<session::SessionState>(std::move(*session));
  const auto bound = bind("Look", Hook::kPostAuth);
  ASSERT_NE(bound, nullptr);
  const auto verdict = run(*bound, exchange, Hook::kPostAuth);
  EXPECT_TRUE(verdict) << verdict.error().detail();
  EXPECT_EQ(exchange.exchange.session->alias(), "me") << "what it writes counts at the auth hook";
}

TEST_F(PythonDriver, AResponseHookChangesTheAnswer) {
  plugin(
      "@Hook\ndef After(request, response, session, metadata, spec):\n"
      "    assert response.status_code == 200 and response.body == 'quiet'\n"
      "    assert response.headers['X-Two'] == 'a'\n"
      "    assert [list(h.values) for h in response.multivalue_headers] == [['a', 'b']]\n"
      "    response.status_code = 404\n    response.raw_body = b'\\xff'\n"
      "    response.headers['X-New'] = 'n'\n");
  test::TestExchange exchange;
  http::Response& response = exchange.exchange.response();
  response.status = 200;
  response.headers.add("X-Two", "a");
  response.headers.add("X-Two", "b");
  response.setBody("quiet");
  const auto bound = bind("After", Hook::kResponse);
  ASSERT_NE(bound, nullptr);
  const auto verdict = run(*bound, exchange, Hook::kResponse);
  ASSERT_TRUE(verdict) << verdict.error().detail();
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(*response.body(), "\xff");
  EXPECT_EQ(exchange.answered("X-New"), "n");
  EXPECT_EQ(response.headers.size(), 3U);
}

TEST_F(PythonDriver, AResponseHookWithoutTheResponseLeavesItAlone) {
  plugin("@Hook\ndef After(request, session, spec):\n    return request, session\n");
  test::TestExchange exchange;
  exchange.exchange.response().status = 200;
  exchange.exchange.response().headers.add("X-Two", "a");
  const auto bound = bind("After", Hook::kResponse);
  ASSERT_NE(bound, nullptr);
  ASSERT_TRUE(run(*bound, exchange, Hook::kResponse));
  EXPECT_EQ(exchange.answered("X-Two"), "a");
  EXPECT_EQ(exchange.exchange.response().status, 200);
}

TEST_F(PythonDriver, WrongReturnValuesFail) {
  plugin(
      "@Hook\ndef Nothing(request, session, spec): pass\n"
      "@Hook\ndef NoSession(request, session, metadata, spec): return request, None, metadata\n"
      "@Hook\ndef TooMany(request, session, spec): return 1, 2, 3\n");
  for (const char* name : {"Nothing", "NoSession", "TooMany"}) {
    test::TestExchange exchange;
    const auto bound = bind(name);
    ASSERT_NE(bound, nullptr);
    const auto verdict = run(*bound, exchange);
    ASSERT_FALSE(verdict) << name;
    EXPECT_EQ(verdict.error().message(), "Middleware error");
    EXPECT_EQ(verdict.error().code(), Errc::kPluginFailed);
  }
}

TEST_F(PythonDriver, TheOldDecoratorsAreHooksToo) {
  plugin(
      "@Pre\ndef A(request, session, spec):\n    return request, session\n"
      "@CustomKeyCheck\ndef B(request, session, metadata, spec):\n"
      "    metadata['token'] = 't'\n    return request, session, metadata\n");
  test::TestExchange exchange;
  const auto pre = bind("A");
  const auto check = bind("B", Hook::kAuth);
  ASSERT_TRUE(pre && check);
  EXPECT_TRUE(run(*pre, exchange));
  EXPECT_TRUE(run(*check, exchange, Hook::kAuth));
  ASSERT_NE(exchange.exchange.session, nullptr);
  EXPECT_EQ(exchange.exchange.session->token(), "t");
}

TEST_F(PythonDriver, RawBodyOnlyShowsNoText) {
  raw_body_only_ = true;
  plugin(
      "@Hook\ndef Look(request, session, spec):\n"
      "    assert request.object.body == '' and request.object.raw_body == b'abc'\n"
      "    return request, session\n");
  test::TestExchange exchange("POST", "/");
  exchange.exchange.request().setBody("abc");
  const auto bound = bind("Look");
  ASSERT_NE(bound, nullptr);
  const auto verdict = run(*bound, exchange);
  EXPECT_TRUE(verdict) << verdict.error().detail();
}

TEST_F(PythonDriver, WhatDoesNotLoadSaysWhy) {
  const auto reason = [this](const std::string& text) {
    write("plugin.py", text);
    const auto loaded = load("Mark", Hook::kPre);
    return loaded ? std::string("loaded") : loaded.error().message();
  };
  EXPECT_NE(reason("raise ValueError('no')\n").find("ValueError: no"), std::string::npos);
  EXPECT_NE(reason("import sys; sys.exit(1)\n").find("SystemExit"), std::string::npos);
  EXPECT_NE(reason("x = 1\n").find("Hook is not defined: Mark"), std::string::npos);
  EXPECT_NE(reason("def f(:\n").find("SyntaxError"), std::string::npos);
  EXPECT_EQ(driver().brokenAnswer(Hook::kAuth).message(), "Key not authorised");
  EXPECT_EQ(driver().brokenAnswer(Hook::kPre).message(), "Middleware error");
  std::filesystem::remove(folder_ / "plugin.py");
  EXPECT_NE(load("Mark", Hook::kPre).error().message().find("FileNotFoundError"),
            std::string::npos);
}

TEST_F(PythonDriver, AModuleThatDoesNotEndFailsToLoad) {
  options_.load_timeout = std::chrono::milliseconds(200);
  write("plugin.py", "while True:\n    pass\n");
  const auto loaded = load("Mark", Hook::kPre);
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message().find("does not end"), std::string::npos);
  options_.load_timeout = std::chrono::milliseconds(10'000);
  plugin("@Hook\ndef Mark(request, session, spec):\n    return request, session\n");
  EXPECT_NE(bind("Mark"), nullptr);
}

TEST_F(PythonDriver, WithoutAFileOrSwitchedOffThereIsNoPython) {
  definition::PluginRef ref;
  ref.name = "Mark";
  EXPECT_FALSE(driver().load(ref, Hook::kPre, api_));
  EXPECT_EQ(driver().brokenAnswer(Hook::kAuth).message(), "Internal Server Error");
  options_.enabled = false;
  drivers::python::PythonDriver off(options_, workers_);
  ref.path = "/x.py";
  EXPECT_FALSE(off.load(ref, Hook::kPre, api_));
  EXPECT_EQ(off.brokenAnswer(Hook::kPre).message(), "Internal Server Error");
}

TEST_F(PythonDriver, ABundlesMainFileIsFound) {
  const std::string hook =
      "@Hook\ndef Mark(request, session, spec):\n    request.add_header('X-File', FILE)\n"
      "    return request, session\n";
  const std::string head = "from tyk.decorators import *\nFILE = __file__.rpartition('/')[2]\n";
  for (const char* file : {"middleware.py", "first.py", "second.py"}) write(file, head + hook);
  api_.bundle.hash = "d41d8cd98f00b204e9800998ecf8427e";
  const auto mainFile = [this](std::vector<std::string> files) {
    api_.bundle.parts = {{"b.zip", folder_.string(), std::move(files)}};
    test::TestExchange exchange;
    const auto bound = bind("Mark");
    if (bound == nullptr || !run(*bound, exchange)) return std::string("none");
    return std::string(exchange.header("X-File"));
  };
  EXPECT_EQ(mainFile({"first.py", "middleware.py"}), "middleware.py");
  EXPECT_EQ(mainFile({"second.py"}), "second.py");
  std::filesystem::remove(folder_ / "middleware.py");
  EXPECT_EQ(mainFile({"notes.txt", "first.py", "second.py"}), "first.py");
}

TEST_F(PythonDriver, BundlesOfOneApiHaveModulesOfTheirOwn) {
  api_.bundle.hash = "0cc175b9c0f1b6a831c399e269772661";
  for (const std::string name : {"a", "b"}) {
    write(name + "/limits.py", "OF = '" + name + "'\n");
    write(name + "/late.py", "OF = '" + name + "'\n");
    write(name + "/middleware.py",
          "from tyk.decorators import *\nfrom limits import OF\n@Hook\n"
          "def Mark(request, session, spec):\n    import late\n"
          "    request.add_header('X-Of', OF + late.OF)\n    return request, session\n");
    api_.bundle.parts.push_back(
        {name + ".zip", (folder_ / name).string(), {"middleware.py", "limits.py", "late.py"}});
  }
  for (const std::size_t index : {0U, 1U}) {
    definition::PluginRef ref;
    ref.name = "Mark";
    ref.driver = "python";
    ref.bundle = index;
    const auto loaded = driver().load(ref, Hook::kPre, api_);
    ASSERT_TRUE(loaded) << loaded.error().message();
    const auto bound = std::move(*(*loaded)->bind(0));
    test::TestExchange exchange;
    ASSERT_TRUE(run(*bound, exchange));
    EXPECT_EQ(exchange.header("X-Of"), index == 0 ? "aa" : "bb");
  }
}

}  // namespace
}  // namespace tykpp::drivers
