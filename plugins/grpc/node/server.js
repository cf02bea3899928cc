// A plugin server in JavaScript: one function a hook. Usage: server.js [ADDRESS], by default 127.0.0.1:5555.
'use strict';

const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const LANGUAGE = 'node';
const KEYS = { letmein: 'demo' }; // key: whose it is

// `keepCase`: field names as the .proto files have them. `longs: Number` is exact up to 2^53.
const messages = loader.loadSync(path.join(__dirname, 'proto', 'coprocess_object.proto'), {
  keepCase: true, longs: Number, defaults: true, includeDirs: [path.join(__dirname, 'proto')],
});
const { Dispatcher } = grpc.loadPackageDefinition(messages).coprocess;

const hooks = {
  // pre: sets a header and a parameter, takes a header out, or refuses
  Mark(call) {
    const request = call.request;
    if ('X-Block' in request.headers) {
      request.return_overrides = { response_code: 403, response_error: `blocked by ${LANGUAGE}` };
      return;
    }
    request.set_headers = { 'X-Plugin': LANGUAGE };
    request.add_params = { plugin: LANGUAGE };
    request.delete_headers.push('X-Secret');
  },

  // auth_check: knows the key, or refuses
  CheckKey(call) {
    const key = call.request.headers.Authorization || '';
    if (!Object.hasOwn(KEYS, key)) {
      call.request.return_overrides = { response_code: 401, response_error: 'unknown key' };
      return;
    }
    // without a token nobody is authenticated
    call.session = { alias: KEYS[key], metadata: { token: key } };
  },

  // post_key_auth: tells the upstream who is asking
  ForwardAlias(call) {
    call.request.set_headers = { 'X-Alias': call.session.alias };
  },

  // post: rewrites the request's body; raw_body counts, body is for reading
  UpperBody(call) {
    call.request.raw_body = Buffer.from(call.request.raw_body.toString().toUpperCase());
  },

  // response: adds a header and a last line
  Sign(call) {
    call.response.headers['X-Signed-By'] = LANGUAGE;
    call.response.raw_body = Buffer.concat([call.response.raw_body, Buffer.from(`\n-- ${LANGUAGE}`)]);
  },
};

function dispatch({ request: call }, reply) {
  const hook = Object.hasOwn(hooks, call.hook_name) ? hooks[call.hook_name] : null;
  if (!hook) {
    reply({ code: grpc.status.NOT_FOUND, details: `no hook ${call.hook_name}` });
    return;
  }
  try {
    hook(call);
    reply(null, call);
  } catch (error) {
    reply({ code: grpc.status.INTERNAL, details: String(error) });
  }
}

function dispatchEvent({ request: event }, reply) {
  console.log('event:', event.payload);
  reply(null, {});
}

const server = new grpc.Server();
server.addService(Dispatcher.service, { Dispatch: dispatch, DispatchEvent: dispatchEvent });
const address = process.argv[2] || '127.0.0.1:5555';
server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  console.log('plugins at', address);
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => server.tryShutdown(() => process.exit(0)));
