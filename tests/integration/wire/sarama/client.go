// The client of tests/integration/wire/test_clients.py in Go: sarama, and the CloudEvents SDK for Go.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/IBM/sarama"
	"github.com/cloudevents/sdk-go/protocol/kafka_sarama/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
)

type plan struct {
	Servers string         `json:"servers"`
	Results string         `json:"results"`
	Retries string         `json:"retries"`
	Group   string         `json:"group"`
	Records []record       `json:"records"`
	Answer  map[string]any `json:"answer"`
}

type record struct {
	Producer string  `json:"producer"`
	Codec    string  `json:"codec"`
	Mode     string  `json:"mode"`
	Aborted  bool    `json:"aborted"`
	Key      string  `json:"key"`
	Events   []given `json:"events"`
}

type given struct {
	ID              string         `json:"id"`
	Source          string         `json:"source"`
	Type            string         `json:"type"`
	Subject         string         `json:"subject"`
	Time            time.Time      `json:"time"`
	DataContentType string         `json:"datacontenttype"`
	CorrelationID   string         `json:"-"`
	Data            map[string]any `json:"data"`
}

var codecs = map[string]sarama.CompressionCodec{
	"none":   sarama.CompressionNone,
	"gzip":   sarama.CompressionGZIP,
	"snappy": sarama.CompressionSnappy,
	"lz4":    sarama.CompressionLZ4,
	"zstd":   sarama.CompressionZSTD,
}

type client struct {
	plan      plan
	producers map[string]sarama.SyncProducer
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func config() *sarama.Config {
	made := sarama.NewConfig()
	made.Version = sarama.V2_8_0_0
	made.Producer.Return.Successes = true
	made.Producer.RequiredAcks = sarama.WaitForAll
	made.Consumer.Offsets.Initial = sarama.OffsetOldest
	return made
}

func (c *client) producer(kind, codec string) sarama.SyncProducer {
	name := kind + " " + codec
	if c.producers[name] == nil {
		options := config()
		options.Producer.Compression = codecs[codec]
		if kind != "plain" {
			options.Producer.Idempotent = true
			options.Net.MaxOpenRequests = 1
		}
		if kind == "transactional" {
			options.Producer.Transaction.ID = c.plan.Group + "-" + codec
		}
		made, err := sarama.NewSyncProducer([]string{c.plan.Servers}, options)
		must(err)
		c.producers[name] = made
	}
	return c.producers[name]
}

// The event as its SDK has it; data as bytes becomes data_base64 in structured mode.
func (g given) event(asBytes bool) event.Event {
	made := event.New()
	made.SetID(g.ID)
	made.SetSource(g.Source)
	made.SetType(g.Type)
	made.SetSubject(g.Subject)
	made.SetTime(g.Time)
	if g.CorrelationID != "" {
		made.SetExtension("correlationid", g.CorrelationID)
	}
	if asBytes {
		text, err := json.Marshal(g.Data)
		must(err)
		must(made.SetData(g.DataContentType, text))
	} else {
		must(made.SetData(g.DataContentType, g.Data))
	}
	return made
}

// The record of these events as their SDK writes them.
func (c *client) encoded(mode, key string, events []given) *sarama.ProducerMessage {
	message := &sarama.ProducerMessage{Topic: c.plan.Results, Key: sarama.StringEncoder(key)}
	if mode == "batch" {
		var all []event.Event
		for _, each := range events {
			all = append(all, each.event(false))
		}
		text, err := json.Marshal(all)
		must(err)
		message.Value = sarama.ByteEncoder(text)
		message.Headers = []sarama.RecordHeader{
			{Key: []byte("content-type"), Value: []byte("application/cloudevents-batch+json")},
		}
		return message
	}
	one := events[0].event(mode == "bytes")
	ctx := binding.WithForceStructured(context.Background())
	if mode == "binary" {
		ctx = binding.WithForceBinary(context.Background())
	}
	must(kafka_sarama.WriteProducerMessage(ctx, binding.ToMessage(&one), message))
	return message
}

func (c *client) send(r record, events []given) {
	producer := c.producer(r.Producer, r.Codec)
	transactional := r.Producer == "transactional"
	if transactional {
		must(producer.BeginTxn())
	}
	_, _, err := producer.SendMessage(c.encoded(r.Mode, r.Key, events))
	must(err)
	if transactional && r.Aborted {
		must(producer.AbortTxn())
	} else if transactional {
		must(producer.CommitTxn())
	}
}

func (c *client) recordOf(key string) record {
	for _, each := range c.plan.Records {
		for _, event := range each.Events {
			if event.Data["key"] == key {
				return each
			}
		}
	}
	log.Fatalf("key %s", key)
	return record{}
}

func (c *client) answer(taken *sarama.ConsumerMessage) {
	retry, err := binding.ToEvent(context.Background(), kafka_sarama.NewMessageFromConsumerMessage(taken))
	must(err)
	text, err := json.Marshal(retry)
	must(err)
	fmt.Println(string(text))
	var data map[string]any
	must(retry.DataAs(&data))
	key := data["key"].(string)
	r := c.recordOf(key)
	answer := r.Events[0]
	answer.ID = "answer-" + retry.ID()
	answer.Time = time.Now().UTC()
	answer.Subject = key
	answer.CorrelationID = retry.ID()
	answer.Data = map[string]any{"key": key, "processed_at": answer.Time.Format(time.RFC3339Nano)}
	for name, value := range c.plan.Answer {
		answer.Data[name] = value
	}
	c.send(r, []given{answer})
}

type taker struct {
	client *client
	left   int
	done   context.CancelFunc
}

func (t *taker) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (t *taker) Cleanup(sarama.ConsumerGroupSession) error { return nil }

var one = make(chan struct{}, 1) // partitions are taken at the same time; the client does one retry at a time

func (t *taker) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for taken := range claim.Messages() {
		one <- struct{}{}
		t.client.answer(taken)
		session.MarkMessage(taken, "")
		if t.left--; t.left == 0 {
			t.done()
		}
		<-one
	}
	return nil
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	must(err)
	c := &client{producers: map[string]sarama.SyncProducer{}}
	must(json.Unmarshal(text, &c.plan))
	left := 0
	for _, each := range c.plan.Records {
		c.send(each, each.Events)
		if !each.Aborted {
			left += len(each.Events)
		}
	}
	fmt.Println("sent")
	group, err := sarama.NewConsumerGroup([]string{c.plan.Servers}, c.plan.Group, config())
	must(err)
	ctx, done := context.WithCancel(context.Background())
	t := &taker{client: c, left: left, done: done}
	for ctx.Err() == nil {
		must(group.Consume(ctx, []string{c.plan.Retries}, t))
	}
	must(group.Close())
	for _, each := range c.producers {
		must(each.Close())
	}
}
