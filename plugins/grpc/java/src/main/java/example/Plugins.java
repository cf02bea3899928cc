package example;

import com.google.protobuf.ByteString;
import coprocess.CoprocessObject.Event;
import coprocess.CoprocessObject.EventReply;
import coprocess.DispatcherGrpc;
import coprocess.CoprocessReturnOverrides.ReturnOverrides;
import coprocess.CoprocessSessionState.SessionState;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** A plugin server in Java: one function a hook. Arguments: [PORT], by default 5555. */
public final class Plugins extends DispatcherGrpc.DispatcherImplBase {
  private static final String LANGUAGE = "java";
  private static final Map<String, String> KEYS = Map.of("letmein", "demo"); // key: whose it is

  private static final Map<String, UnaryOperator<coprocess.CoprocessObject.Object>> HOOKS =
      Map.of(
          "Mark", Plugins::mark,
          "CheckKey", Plugins::checkKey,
          "ForwardAlias", Plugins::forwardAlias,
          "UpperBody", Plugins::upperBody,
          "Sign", Plugins::sign);

  private static coprocess.CoprocessObject.Object refused(
      coprocess.CoprocessObject.Object call, int code, String why) {
    var changed = call.toBuilder();
    changed
        .getRequestBuilder()
        .setReturnOverrides(
            ReturnOverrides.newBuilder().setResponseCode(code).setResponseError(why));
    return changed.build();
  }

  /** pre: sets a header and a parameter, takes a header out, or refuses. */
  private static coprocess.CoprocessObject.Object mark(coprocess.CoprocessObject.Object call) {
    if (call.getRequest().containsHeaders("X-Block")) {
      return refused(call, 403, "blocked by " + LANGUAGE);
    }
    var changed = call.toBuilder();
    changed
        .getRequestBuilder()
        .putSetHeaders("X-Plugin", LANGUAGE)
        .putAddParams("plugin", LANGUAGE)
        .addDeleteHeaders("X-Secret");
    return changed.build();
  }

  /** auth_check: knows the key, or refuses. */
  private static coprocess.CoprocessObject.Object checkKey(coprocess.CoprocessObject.Object call) {
    String key = call.getRequest().getHeadersOrDefault("Authorization", "");
    if (!KEYS.containsKey(key)) {
      return refused(call, 401, "unknown key");
    }
    // Without a token nobody is authenticated.
    var session =
        SessionState.newBuilder()
            .setAlias(KEYS.get(key))
            .putMetadata("token", key);
    return call.toBuilder().setSession(session).build();
  }

  /** post_key_auth: tells the upstream who is asking. */
  private static coprocess.CoprocessObject.Object forwardAlias(
      coprocess.CoprocessObject.Object call) {
    var changed = call.toBuilder();
    changed.getRequestBuilder().putSetHeaders("X-Alias", call.getSession().getAlias());
    return changed.build();
  }

  /** post: rewrites the request's body; raw_body counts, body is for reading. */
  private static coprocess.CoprocessObject.Object upperBody(coprocess.CoprocessObject.Object call) {
    var changed = call.toBuilder();
    String body = call.getRequest().getRawBody().toStringUtf8().toUpperCase(Locale.ROOT);
    changed.getRequestBuilder().setRawBody(ByteString.copyFromUtf8(body));
    return changed.build();
  }

  /** response: adds a header and a last line. */
  private static coprocess.CoprocessObject.Object sign(coprocess.CoprocessObject.Object call) {
    var changed = call.toBuilder();
    var response = changed.getResponseBuilder();
    response.putHeaders("X-Signed-By", LANGUAGE);
    response.setRawBody(
        response.getRawBody().concat(ByteString.copyFromUtf8("\n-- " + LANGUAGE)));
    return changed.build();
  }

  @Override
  public void dispatch(
      coprocess.CoprocessObject.Object call,
      StreamObserver<coprocess.CoprocessObject.Object> reply) {
    var hook = HOOKS.get(call.getHookName());
    if (hook == null) {
      reply.onError(
          Status.NOT_FOUND.withDescription("no hook " + call.getHookName()).asRuntimeException());
      return;
    }
    reply.onNext(hook.apply(call));
    reply.onCompleted();
  }

  @Override
  public void dispatchEvent(Event event, StreamObserver<EventReply> reply) {
    System.out.println("event: " + event.getPayload());
    reply.onNext(EventReply.getDefaultInstance());
    reply.onCompleted();
  }

  public static void main(String[] arguments) throws Exception {
    String address = arguments.length > 0 ? arguments[0] : "5555";
    int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    Server server =
        Grpc.newServerBuilderForPort(port, InsecureServerCredentials.create())
            .addService(new Plugins())
            .build()
            .start();
    System.out.println("plugins at port " + port);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  try {
                    server.shutdown().awaitTermination(2, TimeUnit.SECONDS);
                  } catch (InterruptedException error) {
                    Thread.currentThread().interrupt();
                  }
                }));
    server.awaitTermination();
  }
}
