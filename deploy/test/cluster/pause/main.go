// Command pause holds the namespaces of a pod open and does nothing else: the kubelet
// starts it in every pod, before its containers.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	<-signals
}
