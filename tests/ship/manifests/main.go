// SPDX-License-Identifier: MIT

// manifests checks what is rendered: `manifests kubernetes < rendered.yaml` decodes each object strictly, so that a field that
// Kubernetes does not know, or a value of another type, is an error, and holds the workloads against our own rules;
// `manifests compose FILE` loads a compose file as docker compose does, its schema included. Both print the command and the
// settings of each container: NAME, then VARIABLE=VALUE..., then the command, separated by tabs. `manifests dashboard FILE` decodes
// one of Grafana's dashboards strictly by Grafana's own types, those of its panels included, and looks for panels that overlap.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigs "sigs.k8s.io/yaml"
)

// KEDA's ScaledObject, as far as we use it.
type scaledObject struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec struct {
		ScaleTargetRef struct {
			Name string `json:"name"`
		} `json:"scaleTargetRef"`
		MinReplicaCount int `json:"minReplicaCount"`
		MaxReplicaCount int `json:"maxReplicaCount"`
		CooldownPeriod  int `json:"cooldownPeriod"`
		Triggers        []struct {
			Type     string            `json:"type"`
			Metadata map[string]string `json:"metadata"`
		} `json:"triggers"`
	} `json:"spec"`
}

type objects struct {
	deployments map[string]*appsv1.Deployment
	configs     map[string]*corev1.ConfigMap
	budgets     map[string]*policyv1.PodDisruptionBudget
	scaled      []*scaledObject
}

func decode(in io.Reader) (*objects, error) {
	all := &objects{map[string]*appsv1.Deployment{}, map[string]*corev1.ConfigMap{}, map[string]*policyv1.PodDisruptionBudget{}, nil}
	documents := yaml.NewYAMLReader(bufio.NewReader(in))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		var head struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}
		if err := sigs.Unmarshal(document, &head); err != nil {
			return nil, err
		}
		switch head.APIVersion + " " + head.Kind {
		case "apps/v1 Deployment":
			d := &appsv1.Deployment{}
			err = sigs.UnmarshalStrict(document, d)
			all.deployments[d.Name] = d
		case "v1 ConfigMap":
			c := &corev1.ConfigMap{}
			err = sigs.UnmarshalStrict(document, c)
			all.configs[c.Name] = c
		case "policy/v1 PodDisruptionBudget":
			b := &policyv1.PodDisruptionBudget{}
			err = sigs.UnmarshalStrict(document, b)
			all.budgets[b.Name] = b
		case "keda.sh/v1alpha1 ScaledObject":
			s := &scaledObject{}
			err = sigs.UnmarshalStrict(document, s)
			all.scaled = append(all.scaled, s)
		default:
			err = fmt.Errorf("not one of ours: %s %s", head.APIVersion, head.Kind)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", head.Kind, err, document)
		}
	}
}

func isTrue(b *bool) bool  { return b != nil && *b }
func isFalse(b *bool) bool { return b != nil && !*b }

// What is wrong with a pod by our own rules.
func faults(d *appsv1.Deployment, all *objects) (wrong []string) {
	say := func(ok bool, what string) {
		if !ok {
			wrong = append(wrong, d.Name+": "+what)
		}
	}
	pod := d.Spec.Template.Spec
	say(pod.SecurityContext != nil && isTrue(pod.SecurityContext.RunAsNonRoot), "may run as root")
	say(isFalse(pod.EnableServiceLinks), "has the cluster's variables among its own")
	say(isFalse(pod.AutomountServiceAccountToken), "has a token of the cluster")
	say(pod.TerminationGracePeriodSeconds != nil && *pod.TerminationGracePeriodSeconds >= 35, "has no time to stop")
	for i, c := range append(append([]corev1.Container{}, pod.InitContainers...), pod.Containers...) {
		s := c.SecurityContext
		say(s != nil && isTrue(s.ReadOnlyRootFilesystem) && isFalse(s.AllowPrivilegeEscalation), c.Name+" may write, or gain privileges")
		say(s != nil && s.Capabilities != nil && len(s.Capabilities.Drop) == 1 && s.Capabilities.Drop[0] == "ALL", c.Name+" has capabilities")
		say(!c.Resources.Requests.Memory().IsZero() && !c.Resources.Limits.Memory().IsZero(), c.Name+" has no bound of memory")
		for _, from := range c.EnvFrom {
			say(from.ConfigMapRef == nil || all.configs[from.ConfigMapRef.Name] != nil, c.Name+" names settings that are not there")
		}
		if i < len(pod.InitContainers) {
			continue
		}
		say(c.LivenessProbe != nil && c.LivenessProbe.HTTPGet.Path == "/livez", c.Name+" has no liveness probe")
		say(c.ReadinessProbe != nil && c.ReadinessProbe.HTTPGet.Path == "/readyz", c.Name+" has no readiness probe")
		say(len(c.Ports) == 1 && len(c.Env) == 1 && strings.HasSuffix(c.Env[0].Value, fmt.Sprintf(":%d", c.Ports[0].ContainerPort)),
			c.Name+" listens elsewhere than it is asked")
	}
	b := all.budgets[d.Name]
	say(b != nil && b.Spec.MaxUnavailable != nil && b.Spec.MaxUnavailable.IntValue() == 1, "has no disruption budget")
	say(b == nil || b.Spec.Selector.MatchLabels["app.kubernetes.io/name"] == d.Spec.Template.Labels["app.kubernetes.io/name"],
		"has the budget of another")
	return wrong
}

func show(name string, environment map[string]string, command []string) {
	fields := []string{name}
	for k, v := range environment {
		fields = append(fields, k+"="+v)
	}
	sort.Strings(fields[1:])
	fmt.Println(strings.Join(append(fields, command...), "\t"))
}

func kubernetes() error {
	all, err := decode(os.Stdin)
	if err != nil {
		return err
	}
	var wrong []string
	for _, d := range all.deployments {
		wrong = append(wrong, faults(d, all)...)
		pod := d.Spec.Template.Spec
		for _, c := range append(append([]corev1.Container{}, pod.InitContainers...), pod.Containers...) {
			environment := map[string]string{}
			for _, from := range c.EnvFrom {
				if from.ConfigMapRef != nil && all.configs[from.ConfigMapRef.Name] != nil {
					for k, v := range all.configs[from.ConfigMapRef.Name].Data {
						environment[k] = v
					}
				}
			}
			for _, e := range c.Env {
				environment[e.Name] = e.Value
			}
			show(d.Name+"/"+c.Name, environment, c.Args)
		}
	}
	for _, s := range all.scaled {
		target := all.deployments[s.Spec.ScaleTargetRef.Name]
		if target == nil || target.Spec.Replicas != nil {
			wrong = append(wrong, s.Metadata.Name+": scales nothing, or what has a number of its own")
		}
	}
	if len(all.deployments) != 3 {
		wrong = append(wrong, "there are not three programs")
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n"))
	}
	return nil
}

func compose(path string) error {
	options, err := cli.NewProjectOptions([]string{path}, cli.WithoutEnvironmentResolution, cli.WithInterpolation(true), cli.WithResolvedPaths(true))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	for name, service := range project.Services {
		environment := map[string]string{}
		for k, v := range service.Environment {
			if v != nil {
				environment[k] = *v
			}
		}
		if service.Image != "gapless:local" {
			continue
		}
		if service.Privileged || !service.ReadOnly || len(service.CapDrop) != 1 || service.CapDrop[0] != "ALL" {
			return fmt.Errorf("%s: may write, or has capabilities", name)
		}
		show(name, environment, service.Command)
	}
	return nil
}

func grafana(path string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	plugins.RegisterDefaultPlugins()
	// The strict decoder returns an empty list of errors where there is none, and no panels then; the other one does.
	if err := dashboard.NewDashboard().UnmarshalJSONStrict(raw); err != nil && err.Error() != "" {
		return err
	}
	board := dashboard.NewDashboard()
	if err := json.Unmarshal(raw, board); err != nil {
		return err
	}
	ids, taken := map[uint32]bool{}, map[[2]uint32]uint32{}
	for _, p := range board.Panels {
		panel, at := p.Panel, (*dashboard.GridPos)(nil)
		if panel != nil {
			at = panel.GridPos
		}
		if at == nil || panel.Id == nil || ids[*panel.Id] || at.X+at.W > 24 {
			return errors.New("a panel has no place or number of its own")
		}
		ids[*panel.Id] = true
		for i := uint32(0); i < at.W*at.H; i++ {
			cell := [2]uint32{at.X + i%at.W, at.Y + i/at.W}
			if other, used := taken[cell]; used {
				return fmt.Errorf("panels %d and %d overlap", other, *panel.Id)
			}
			taken[cell] = *panel.Id
		}
	}
	return nil
}

func main() {
	err := errors.New("usage: manifests kubernetes | compose FILE | dashboard FILE")
	if len(os.Args) == 2 && os.Args[1] == "kubernetes" {
		err = kubernetes()
	} else if len(os.Args) == 3 && os.Args[1] == "compose" {
		err = compose(os.Args[2])
	} else if len(os.Args) == 3 && os.Args[1] == "dashboard" {
		err = grafana(os.Args[2])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
