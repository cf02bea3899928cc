// The messages keep the semantics that plugins know from protocol buffers. The assertions are
// Python: what plugins write is what is tested.

#include "python_fixture.hpp"

namespace tykpp::drivers {
namespace {

class PythonMessage : public test::PythonTest {};

constexpr const char* kHelpers = R"(
def raises(kind, work):
    try:
        work()
    except kind:
        return True
    raise AssertionError('%s was not raised' % kind)

def setter(target, name, value):
    return lambda: setattr(target, name, value)
)";

#define CHECK_PYTHON(body)                                                         \
  check(std::string(kHelpers) + "@Hook\ndef Check(request, session, spec):\n" body \
                                "\n    return request, session\n")

TEST_F(PythonMessage, MapsAreReadAndWritten) {
  CHECK_PYTHON(R"(
    headers = request.object.headers
    assert headers['X-First'] == 'one' and 'Host' in headers and 'x-first' not in headers
    assert headers['Missing'] == '' and 'Missing' in headers
    assert headers.get('Nothing') is None and headers.get('Nothing', 'd') == 'd'
    m = request.object.set_headers
    m.update({'a': '1'}, b='2')
    m.update([('c', '3')])
    assert sorted(m.keys()) == ['a', 'b', 'c'] and sorted(m.values()) == ['1', '2', '3']
    assert dict(m.items()) == {'a': '1', 'b': '2', 'c': '3'} == m and len(m) == 3
    assert m.pop('a') == '1' and m.pop('a', 'gone') == 'gone' and m.setdefault('z', '9') == '9'
    raises(KeyError, lambda: m.pop('a'))
    del m['b']
    raises(KeyError, lambda: m.__delitem__('b'))
    assert [k for k in m] == ['c', 'z']
    m.clear()
    assert not m and m is request.object.set_headers)");
}

TEST_F(PythonMessage, WrongTypesAreRefused) {
  CHECK_PYTHON(R"(
    o = request.object
    raises(TypeError, setter(o, 'body', 5))
    raises(TypeError, setter(o, 'raw_body', 'text'))
    raises(TypeError, setter(o.return_overrides, 'response_code', '200'))
    raises(TypeError, setter(o.return_overrides, 'response_code', 2.5))
    raises(ValueError, setter(o.return_overrides, 'response_code', 1 << 40))
    raises(TypeError, setter(o.return_overrides, 'override_error', 'yes'))
    raises(TypeError, setter(session, 'rate', 'fast'))
    raises(AttributeError, setter(o, 'set_headers', {}))
    raises(AttributeError, setter(o, 'delete_headers', []))
    raises(AttributeError, setter(o, 'return_overrides', None))
    raises(AttributeError, setter(o, 'no_such_field', 1))
    raises(AttributeError, lambda: o.no_such_field)
    raises(TypeError, lambda: o.set_headers.update({'a': 1}))
    raises(TypeError, lambda: o.set_headers.__setitem__(1, 'a'))
    raises(TypeError, lambda: o.delete_headers.append(1))
    raises(UnicodeEncodeError, lambda: o.delete_headers.append('\ud800'))
    raises(TypeError, lambda: request.add_header('a', None))
    session.rate = 3
    assert session.rate == 3.0 and isinstance(session.rate, float)
    session.is_inactive = 1
    assert session.is_inactive is True)");
}

TEST_F(PythonMessage, ListsAreReadAndWritten) {
  CHECK_PYTHON(R"(
    names = request.object.delete_headers
    names.append('a')
    names.extend(['b', 'c'])
    names.insert(0, 'z')
    assert list(names) == ['z', 'a', 'b', 'c'] == names and names[1] == 'a' and names[-1] == 'c'
    assert names[1:3] == ['a', 'b'] and 'b' in names and len(names) == 4
    names.remove('a')
    names[0] = 'y'
    del names[1]
    assert names == ['y', 'c'] and names.pop() == 'c' and names.index('y') == 0
    names[:] = ['q', 'p']
    names.sort()
    names.reverse()
    assert names == ['q', 'p']
    del names[:]
    assert not names)");
}

TEST_F(PythonMessage, RequestFieldsAreWhatWasSent) {
  CHECK_PYTHON(R"(
    o = request.object
    assert (o.method, o.url, o.request_uri, o.scheme) == ('GET', '/path?a=1&b=x%20y', '/path?a=1&b=x%20y', 'http')
    assert dict(o.params) == {'a': '1', 'b': 'x y'}
    assert o.return_overrides.response_code == -1 and o.raw_body == b'' and o.body == ''
    assert spec['OrgID'] == 'org' and spec['nothing'] == '' and len(spec['bundle_hash']) == 32
    assert request.get_header('Nothing') is None)");
}

TEST_F(PythonMessage, SpecIsNewForEachCall) {
  plugin(
      "@Hook\ndef Check(request, session, spec):\n"
      "    assert 'mine' not in spec\n    spec['mine'] = '1'\n    assert spec['mine'] == '1'\n"
      "    return request, session\n");
  const auto bound = bind("Check");
  ASSERT_NE(bound, nullptr);
  for (int i = 0; i < 2; ++i) {
    test::TestExchange exchange;
    const auto verdict = run(*bound, exchange);
    EXPECT_TRUE(verdict) << verdict.error().detail();
  }
}

TEST_F(PythonMessage, MessageMapsMakeWhatIsReadAndAreNotAssigned) {
  CHECK_PYTHON(R"(
    from tyk.session import AccessDefinition, AccessSpec
    rights = session.access_rights
    rights['api'].api_name = 'name'
    rights['api'].versions.append('Default')
    rights['api'].allowed_urls.add(url='/a', methods=['GET'])
    raises(ValueError, lambda: rights.__setitem__('other', AccessDefinition()))
    rights['other'].CopyFrom(AccessDefinition(api_id='x', allowed_urls=[AccessSpec(url='/b')]))
    assert rights['other'].allowed_urls[0].url == '/b'
    raises(TypeError, lambda: rights['api'].allowed_urls.__setitem__(0, AccessSpec()))
    raises(TypeError, lambda: rights['other'].CopyFrom(AccessSpec()))
    assert sorted(rights) == ['api', 'other'] and rights['api'].allowed_urls[0].methods == ['GET'])");
}

TEST_F(PythonMessage, PresenceClearAndMerge) {
  CHECK_PYTHON(R"(
    from tyk.session import TykSession, Monitor, JWTData
    s = TykSession()
    assert not s.HasField('monitor') and s.monitor.trigger_limits == []
    assert not s.HasField('monitor')
    s.monitor.trigger_limits.append(80)
    assert s.HasField('monitor') and s.monitor.trigger_limits == [80.0]
    raises(ValueError, lambda: s.HasField('alias'))
    raises(ValueError, lambda: s.HasField('nothing'))
    other = TykSession(alias='b', tags=['t'], metadata={'k': 'v'}, jwt_data=JWTData(secret='s'), expires=7)
    s.alias = 'a'
    s.tags.append('first')
    s.MergeFrom(other)
    assert s.alias == 'b' and s.tags == ['first', 't'] and s.metadata == {'k': 'v'} and s.jwt_data.secret == 's'
    assert s.expires == 7
    s.ClearField('alias')
    assert s.alias == ''
    s.jwt_data.CopyFrom(JWTData())
    assert s.jwt_data.secret == '' and s.HasField('jwt_data')
    s.Clear()
    assert s == TykSession() and not s.HasField('jwt_data') and s != other
    raises(ValueError, lambda: TykSession(nothing=1))
    raises(TypeError, lambda: TykSession('a')))");
}

TEST_F(PythonMessage, BytesAreThoseOfProtocolBuffers) {
  CHECK_PYTHON(R"(
    import copy, pickle
    from coprocess_return_overrides_pb2 import ReturnOverrides
    from coprocess_session_state_pb2 import SessionState
    r = ReturnOverrides(response_code=150, response_error='ab', override_error=True, headers={'k': 'v'})
    assert r.SerializeToString() == b'\x08\x96\x01\x12\x02ab\x1a\x06\n\x01k\x12\x01v \x01'
    assert ReturnOverrides(response_code=-1).SerializeToString() == b'\x08' + b'\xff' * 9 + b'\x01'
    assert ReturnOverrides.FromString(r.SerializeToString()) == r and r.ByteSize() == 17
    s = SessionState(rate=1.5, quota_max=-1, tags=['x', 'y'], alias='Zo\u00eb', is_inactive=True)
    s.access_rights['a'].allowed_urls.add(url='/u').methods.extend(['GET', 'PUT'])
    s.monitor.trigger_limits.extend([1, 2.5])
    t = SessionState()
    assert t.ParseFromString(s.SerializeToString()) == len(s.SerializeToString()) and t == s
    assert pickle.loads(pickle.dumps(s)) == s and copy.deepcopy(s) == s and copy.copy(s) is not s
    t.ParseFromString(s.SerializeToString() + b'\xfa\x3f\x01x')
    assert t == s
    raises(ValueError, lambda: t.ParseFromString(b'\x12\x7f'))
    raises(ValueError, lambda: t.ParseFromString(b'\xff' * 20))
    raises(TypeError, lambda: t.ParseFromString('text'))
    o = request.object
    assert type(o).FromString(o.SerializeToString()) == o)");
}

TEST_F(PythonMessage, TextAndListedFields) {
  CHECK_PYTHON(R"(
    from coprocess_return_overrides_pb2 import ReturnOverrides
    from tyk.session import TykSession
    r = ReturnOverrides(response_code=5, response_error='a"b\n', headers={'k': 'v'})
    assert str(r) == 'response_code: 5\nresponse_error: "a\\"b\\n"\nheaders {\n  key: "k"\n  value: "v"\n}\n', str(r)
    fields = [(f.name, f.number, v) for f, v in r.ListFields()]
    assert fields == [('response_code', 1, 5), ('response_error', 2, 'a"b\n'), ('headers', 3, {'k': 'v'})]
    assert ReturnOverrides.DESCRIPTOR.full_name == 'coprocess.ReturnOverrides'
    assert len(TykSession.DESCRIPTOR.fields) == 34
    assert [f.number for f in TykSession.DESCRIPTOR.fields] == list(range(1, 35))
    assert session.DESCRIPTOR.fields_by_name['access_rights'].message_type is not None)");
}

TEST_F(PythonMessage, EveryNameThatPluginsImportIsThere) {
  CHECK_PYTHON(R"(
    import importlib
    for name in ('tyk', 'tyk.decorators', 'tyk.middleware', 'tyk.object', 'tyk.request', 'tyk.session', 'tyk.event',
                 'tyk.loader', 'tyk.gateway', 'dispatcher', 'gateway', 'decorators', 'request', 'session', 'object',
                 'event', 'loader', 'middleware', 'coprocess_object_pb2', 'coprocess_mini_request_object_pb2',
                 'coprocess_return_overrides_pb2', 'coprocess_response_object_pb2', 'coprocess_session_state_pb2',
                 'coprocess_common_pb2'):
        importlib.import_module(name)
    import gateway, tyk.gateway
    assert gateway is tyk.gateway
    import coprocess_common_pb2
    assert coprocess_common_pb2.Response == 5
    from tyk.object import TykCoProcessObject
    from coprocess_object_pb2 import Object
    o = Object(hook_type=1, hook_name='n')
    o.request.method = 'PUT'
    w = TykCoProcessObject(o.SerializeToString())
    w.request.add_header('a', 'b')
    assert (w.hook_type, w.hook_name, w.object.request.set_headers['a']) == ('pre', 'n', 'b')
    assert Object.FromString(w.dump()[0]).request.method == 'PUT'
    from tyk.event import TykEvent
    assert TykEvent('{"message": {"Type": "x"}, "handler_name": "h"}').message['Type'] == 'x')");
}

TEST_F(PythonMessage, WritesAfterTheHookReachNobody) {
  plugin(
      "kept = []\n@Hook\ndef Check(request, session, spec):\n"
      "    for old in kept:\n"
      "        assert old.object.url == '/first' and old.object.raw_body == b'body'\n"
      "        old.add_header('X-Late', '1')\n"
      "    kept.append(request)\n    return request, session\n");
  const auto bound = bind("Check");
  ASSERT_NE(bound, nullptr);
  test::TestExchange first("POST", "/first");
  first.exchange.request().setBody("body");
  ASSERT_TRUE(run(*bound, first));
  test::TestExchange second("GET", "/second");
  const auto verdict = run(*bound, second);
  EXPECT_TRUE(verdict) << verdict.error().detail();
  EXPECT_EQ(first.header("X-Late"), "");
  EXPECT_EQ(second.header("X-Late"), "");
}

}  // namespace
}  // namespace tykpp::drivers
