// A plugin server in Go: one function a hook. Usage: server [ADDRESS], by default 127.0.0.1:5555; unix:PATH works too.
package main

import (
	"bytes"
	"context"
	"log"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"example.org/plugins/coprocess"
)

const language = "go"

// key: whose it is
var keys = map[string]string{"letmein": "demo"}

var hooks = map[string]func(*coprocess.Object){
	"Mark":         mark,
	"CheckKey":     checkKey,
	"ForwardAlias": forwardAlias,
	"UpperBody":    upperBody,
	"Sign":         sign,
}

// mark is a pre hook: it sets a header and a parameter, takes a header out, or refuses.
func mark(call *coprocess.Object) {
	request := call.Request
	if _, blocked := request.Headers["X-Block"]; blocked {
		request.ReturnOverrides.ResponseCode = 403
		request.ReturnOverrides.ResponseError = "blocked by " + language
		return
	}
	request.SetHeaders = map[string]string{"X-Plugin": language}
	request.AddParams = map[string]string{"plugin": language}
	request.DeleteHeaders = append(request.DeleteHeaders, "X-Secret")
}

// checkKey authenticates: it knows the key, or refuses.
func checkKey(call *coprocess.Object) {
	key := call.Request.Headers["Authorization"]
	alias, known := keys[key]
	if !known {
		call.Request.ReturnOverrides.ResponseCode = 401
		call.Request.ReturnOverrides.ResponseError = "unknown key"
		return
	}
	call.Session = &coprocess.SessionState{
		Alias:    alias,
		Metadata: map[string]string{"token": key}, // without a token nobody is authenticated
	}
}

// forwardAlias is a post_key_auth hook: it tells the upstream who is asking.
func forwardAlias(call *coprocess.Object) {
	call.Request.SetHeaders = map[string]string{"X-Alias": call.Session.GetAlias()}
}

// upperBody is a post hook: it rewrites the request's body. RawBody counts, Body is for reading.
func upperBody(call *coprocess.Object) {
	call.Request.RawBody = bytes.ToUpper(call.Request.RawBody)
}

// sign is a response hook: it adds a header and a last line.
func sign(call *coprocess.Object) {
	call.Response.Headers["X-Signed-By"] = language
	call.Response.RawBody = append(call.Response.RawBody, "\n-- "+language...)
}

type dispatcher struct {
	coprocess.UnimplementedDispatcherServer
}

func (dispatcher) Dispatch(_ context.Context, call *coprocess.Object) (*coprocess.Object, error) {
	hook, found := hooks[call.HookName]
	if !found {
		return nil, status.Errorf(codes.NotFound, "no hook %s", call.HookName)
	}
	hook(call)
	return call, nil
}

func (dispatcher) DispatchEvent(_ context.Context, event *coprocess.Event) (*coprocess.EventReply, error) {
	log.Println("event:", event.Payload)
	return &coprocess.EventReply{}, nil
}

func main() {
	address := "127.0.0.1:5555"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	network := "tcp"
	if path, isPath := strings.CutPrefix(address, "unix:"); isPath {
		network, address = "unix", path
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	coprocess.RegisterDispatcherServer(server, dispatcher{})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		server.GracefulStop()
	}()
	log.Println("plugins at", address)
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
