// An auditor who has none of our code: checks a Privyseal log with Go's golang.org/x/mod/sumdb packages alone.
//
//	go_log_verifier export EXPORT NOTE VKEY     the audit export is the log of the checkpoint
//	go_log_verifier tiles DIRECTORY NOTE VKEY   the static tiles and entry bundles are the log of the checkpoint
//	go_log_verifier proofs FILE                 each inclusion and consistency proof of a JSON file: true or false
//	go_log_verifier paths OLD NEW               the tiles that a log needs when it grows from OLD to NEW entries
//	go_log_verifier note NOTE VKEY              prints the text of a signed note
//
// Run it without modules, over Debian's golang-golang-x-mod-dev:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run tests/rigs/go_log_verifier/main.go export ...
//
// VKEY is a file. Exits 0 when everything holds, else 1 with one line on standard error.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func main() {
	err := errors.New("usage: export EXPORT NOTE VKEY | tiles DIRECTORY NOTE VKEY | proofs FILE | paths OLD NEW | note NOTE VKEY")
	arguments := os.Args[1:]
	switch {
	case len(arguments) == 4 && arguments[0] == "export":
		err = verifyExport(arguments[1], arguments[2], arguments[3])
	case len(arguments) == 4 && arguments[0] == "tiles":
		err = verifyTiles(arguments[1], arguments[2], arguments[3])
	case len(arguments) == 2 && arguments[0] == "proofs":
		err = verifyProofs(arguments[1])
	case len(arguments) == 3 && arguments[0] == "paths":
		err = printPaths(arguments[1], arguments[2])
	case len(arguments) == 3 && arguments[0] == "note":
		err = printNote(arguments[1], arguments[2])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// openNote returns the text of a note that the key signed.
func openNote(notePath, keyPath string) (string, error) {
	message, err := os.ReadFile(notePath)
	if err != nil {
		return "", err
	}
	key, err := os.ReadFile(keyPath)
	if err != nil {
		return "", err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		return "", err
	}
	opened, err := note.Open(message, note.VerifierList(verifier))
	if err != nil {
		return "", err
	}
	return opened.Text, nil
}

// openCheckpoint returns size and root of a C2SP checkpoint whose origin is the name of the key.
func openCheckpoint(notePath, keyPath string) (tlog.Tree, error) {
	text, err := openNote(notePath, keyPath)
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		return tlog.Tree{}, errors.New("the note is not a checkpoint")
	}
	key, _ := os.ReadFile(keyPath)
	if name, _, _ := strings.Cut(string(key), "+"); name != lines[0] {
		return tlog.Tree{}, errors.New("the origin is not the name of the key")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := decodeHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func decodeHash(text string) (hash tlog.Hash, err error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err == nil && len(raw) != tlog.HashSize {
		err = errors.New("a hash has not 32 bytes")
	}
	copy(hash[:], raw)
	return hash, err
}

// memory is a tree of which every stored hash is held.
type memory []tlog.Hash

func (stored memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(stored)) {
			return nil, errors.New("a hash is missing")
		}
		hashes[i] = stored[index]
	}
	return hashes, nil
}

type exportLine struct {
	Index    *int64  `json:"index"`
	LeafHash *string `json:"leaf_hash"`
	Entry    *string `json:"entry"`
}

func verifyExport(exportPath, notePath, keyPath string) error {
	tree, err := openCheckpoint(notePath, keyPath)
	if err != nil {
		return err
	}
	file, err := os.Open(exportPath)
	if err != nil {
		return err
	}
	defer file.Close()
	var stored memory
	reader := bufio.NewReader(file)
	for number := int64(0); number < tree.N; number++ {
		line, err := reader.ReadBytes('\n')
		if err != nil && !(err == io.EOF && len(line) > 0) {
			return fmt.Errorf("the export ends before entry %d of %d", number, tree.N)
		}
		var fields exportLine
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&fields); err != nil || fields.Index == nil || fields.LeafHash == nil || fields.Entry == nil {
			return fmt.Errorf("line %d is malformed", number+1)
		}
		if *fields.Index != number {
			return fmt.Errorf("entry %d is in the place of entry %d", *fields.Index, number)
		}
		hash := tlog.RecordHash([]byte(*fields.Entry))
		if hex.EncodeToString(hash[:]) != *fields.LeafHash {
			return fmt.Errorf("entry %d was changed", number)
		}
		hashes, err := tlog.StoredHashesForRecordHash(number, hash, stored)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the export does not match the checkpoint")
	}
	fmt.Println("ok", tree.N)
	return nil
}

// directory reads tiles of C2SP tlog-tiles, whose paths are those of sumdb without the height.
type directory string

func (dir directory) Height() int { return height }

func (dir directory) SaveTiles([]tlog.Tile, [][]byte) {}

func (dir directory) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	contents := make([][]byte, len(tiles))
	for i, tile := range tiles {
		raw, err := os.ReadFile(filepath.Join(string(dir), path(tile)))
		if err != nil {
			return nil, err
		}
		contents[i] = raw
	}
	return contents, nil
}

func path(tile tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
}

func verifyTiles(root, notePath, keyPath string) error {
	tree, err := openCheckpoint(notePath, keyPath)
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tree, directory(root))
	for first := int64(0); first < tree.N; first += 1 << height {
		width := tree.N - first
		if width > 1<<height {
			width = 1 << height
		}
		bundle := strings.Replace(path(tlog.Tile{H: height, L: 0, N: first >> height, W: int(width)}), "tile/0/", "tile/entries/", 1)
		raw, err := os.ReadFile(filepath.Join(root, bundle))
		if err != nil {
			return err
		}
		for number := first; number < first+width; number++ {
			if len(raw) < 2 || len(raw) < 2+int(binary.BigEndian.Uint16(raw)) {
				return fmt.Errorf("the bundle %s is cut short", bundle)
			}
			length := int(binary.BigEndian.Uint16(raw))
			published, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, number)})
			if err != nil {
				return err
			}
			if published[0] != tlog.RecordHash(raw[2:2+length]) {
				return fmt.Errorf("entry %d differs from its tile", number)
			}
			raw = raw[2+length:]
		}
		if len(raw) != 0 {
			return fmt.Errorf("the bundle %s has too many bytes", bundle)
		}
	}
	fmt.Println("ok", tree.N)
	return nil
}

type proofFile struct {
	Inclusion []struct {
		Index, Size int64
		Leaf, Root  string
		Proof       []string
	}
	Consistency []struct {
		OldSize int64  `json:"old_size"`
		NewSize int64  `json:"new_size"`
		OldRoot string `json:"old_root"`
		NewRoot string `json:"new_root"`
		Proof   []string
	}
}

func verifyProofs(file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var proofs proofFile
	if err := json.Unmarshal(raw, &proofs); err != nil {
		return err
	}
	verdicts := map[string][]bool{"inclusion": {}, "consistency": {}}
	for _, item := range proofs.Inclusion {
		proof, err := decodeHashes(append(item.Proof, item.Leaf, item.Root))
		if err != nil {
			return err
		}
		last := len(proof) - 2
		err = tlog.CheckRecord(proof[:last], item.Size, proof[last+1], item.Index, proof[last])
		verdicts["inclusion"] = append(verdicts["inclusion"], err == nil)
	}
	for _, item := range proofs.Consistency {
		proof, err := decodeHashes(append(item.Proof, item.OldRoot, item.NewRoot))
		if err != nil {
			return err
		}
		last := len(proof) - 2
		err = tlog.CheckTree(proof[:last], item.NewSize, proof[last+1], item.OldSize, proof[last])
		verdicts["consistency"] = append(verdicts["consistency"], err == nil)
	}
	return json.NewEncoder(os.Stdout).Encode(verdicts)
}

func decodeHashes(texts []string) (hashes []tlog.Hash, err error) {
	for _, text := range texts {
		hash, err := decodeHash(text)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

func printPaths(oldText, newText string) error {
	oldSize, err := strconv.ParseInt(oldText, 10, 64)
	if err != nil {
		return err
	}
	newSize, err := strconv.ParseInt(newText, 10, 64)
	if err != nil {
		return err
	}
	for _, tile := range tlog.NewTiles(height, oldSize, newSize) {
		fmt.Println(path(tile))
	}
	return nil
}

func printNote(notePath, keyPath string) error {
	text, err := openNote(notePath, keyPath)
	if err == nil {
		fmt.Print(text)
	}
	return err
}
