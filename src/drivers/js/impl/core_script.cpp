#include "drivers/js/impl/scripts.hpp"

namespace tykpp::drivers::js {
namespace {

// What plugins build on. The prototypes are real ones: a plugin may replace any of these functions,
// for one object or for all. The driver runs DoProcessRequest and DoProcessResponse itself as long
// as they are the ones below (see hook_call.cpp), so what they do has to stay the same in both.
constexpr std::string_view kCore = R"js(
var TykJS = { TykMiddleware: {}, TykEventHandlers: {} };

(function (middleware, events) {
  function define(prototype, functions) {
    for (var name in functions) prototype[name] = functions[name];
  }

  middleware.MiddlewareComponentMeta = function (configuration) {
    this.configuration = configuration;
  };
  define(middleware.MiddlewareComponentMeta.prototype, {
    ProcessRequest: function (request, session, config) {
      log("Process Request Not Implemented");
      return request;
    },
    ProcessResponse: function (response, request, session, config) {
      log("Process Response Not Implemented");
      return response;
    },
    DoProcessRequest: function (request, session, config) {
      request.Body = b64dec(request.Body);
      var result = this.ProcessRequest(request, session, config);
      if (!result) {
        log("Middleware didn't return request object!");
        return;
      }
      result.Request.Headers = {};
      result.Request.Body = b64enc(result.Request.Body);
      return JSON.stringify(result);
    },
    DoProcessResponse: function (response, request, session, config) {
      var result = this.ProcessResponse(response, request, session, config);
      if (!result) {
        log("Middleware didn't return response object!");
        return;
      }
      return JSON.stringify(result);
    }
  });

  middleware.NewMiddleware = function (configuration) {
    middleware.MiddlewareComponentMeta.call(this, configuration);
  };
  middleware.NewMiddleware.prototype = Object.create(middleware.MiddlewareComponentMeta.prototype);
  define(middleware.NewMiddleware.prototype, {
    constructor: middleware.NewMiddleware,
    NewProcessRequest: function (callback) { this.ProcessRequest = callback; },
    NewProcessResponse: function (callback) { this.ProcessResponse = callback; },
    ReturnData: function (request, session_meta) {
      return { Request: request, SessionMeta: session_meta };
    },
    ReturnAuthData: function (request, session) {
      return { Request: request, Session: session };
    },
    ReturnResponseData: function (response, session_meta) {
      return { Response: response, SessionMeta: session_meta };
    }
  });

  events.EventHandlerComponentMeta = function () {};
  define(events.EventHandlerComponentMeta.prototype, {
    Handle: function (event, context) { log("Handler not implemented!"); },
    DoProcessEvent: function (event, context) {
      log("Calling built - in handle");
      this.Handle(event, context);
    }
  });
  events.NewEventHandler = function () { events.EventHandlerComponentMeta.call(this); };
  events.NewEventHandler.prototype = Object.create(events.EventHandlerComponentMeta.prototype);
  define(events.NewEventHandler.prototype, {
    constructor: events.NewEventHandler,
    NewHandler: function (callback) { this.Handle = callback; }
  });
})(TykJS.TykMiddleware, TykJS.TykEventHandlers);

function TykJsResponse(response, session_meta) {
  return JSON.stringify({ Response: response, SessionMeta: session_meta });
}
)js";

}  // namespace

std::string_view coreSource() { return kCore; }

}  // namespace tykpp::drivers::js
