package rdap

import (
	"container/list"
	"sync"
)

const (
	cacheEntries = 512
	cacheBytes   = 4 << 20
	maxCached    = 64 << 10 // a larger answer is fetched again
	maxTag       = 256
)

// cache keeps the answers whose server sent an ETag, so that the next ask can
// say If-None-Match (RFC 9110 §13.1.2). The least used go first.
type cache struct {
	mu      sync.Mutex
	entries int
	limit   int
	size    int
	order   *list.List // of *cached, most recently used first
	byKey   map[string]*list.Element
}

type cached struct {
	key, etag string
	body      []byte
}

func newCache(entries, limit int) *cache {
	return &cache{entries: entries, limit: limit, order: list.New(), byKey: map[string]*list.Element{}}
}

func (c *cache) get(key string) (cached, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return cached{}, false
	}
	c.order.MoveToFront(e)
	return *e.Value.(*cached), true
}

func (c *cache) put(key, etag string, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		c.drop(e)
	}
	if len(body) > maxCached || len(etag) > maxTag {
		return
	}
	c.byKey[key] = c.order.PushFront(&cached{key, etag, body})
	c.size += len(body)
	for c.order.Len() > c.entries || c.size > c.limit {
		c.drop(c.order.Back())
	}
}

func (c *cache) drop(e *list.Element) {
	v := c.order.Remove(e).(*cached)
	delete(c.byKey, v.key)
	c.size -= len(v.body)
}
